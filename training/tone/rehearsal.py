"""How far `doubts` and `grow` can be trusted with some sets: labels made wrong, and a corpus of speakers held back.

Each is drawn anew by a seed. What is right is known here, as it is not where the two commands serve.
"""

from dataclasses import replace

import numpy as np
from joblib import Parallel, delayed

from training.tone import doubts, growing, models, protocols, text
from training.tone.data import Data
from training.tone.models import Recipe
from training.tone.own import Own

WRONG = 0.1  # share of the labels
CUTS = (0.5, 0.6, 0.7, 0.8, 0.9)  # of doubts' confidence
SIDES = 4  # trained on, held out to judge the rounds, one's own, and what nothing looks at


def wronged(data: Data, seed: int) -> tuple[Data, set[str]]:
    """The clips with WRONG of their labels drawn anew among the other tones, and the paths of these clips."""
    random = np.random.default_rng(seed)
    tones, names = data.measured.tones.copy(), np.unique(data.tones)
    numbers = random.choice(data.numbers, round(WRONG * len(data)), replace=False)
    for number in numbers:
        tones[number] = random.choice(names[names != tones[number]])
    clips = Data(replace(data.measured, tones=tones), data.numbers)
    return clips, set(data.measured.paths[numbers].tolist())


def doubted(data: Data, candidates: tuple[Recipe, ...], seed: int) -> list[dict]:
    """{cut, listed, right, wrong} at every cut: how many are listed, how many of these rightly, how many there are."""
    clips, wrong = wronged(data, seed)
    rows = doubts.find(clips, candidates, least=0.0)
    listed = [[row for row in rows if row["confidence"] >= cut] for cut in CUTS]
    return [
        {"cut": cut, "listed": len(some), "right": sum(row["path"] in wrong for row in some), "wrong": len(wrong)}
        for cut, some in zip(CUTS, listed, strict=True)
    ]


def grown(data: Data, candidates: tuple[Recipe, ...], seed: int, least: float) -> dict:
    """UAR on the held-out speakers and on those that nothing looks at, before and after growing on a third part.

    Also `taken`, the own clips that were learnt from, and `right`, how many of them by their true tone. least: the
    confidence from which on a clip is taken in.
    """
    names = np.random.default_rng(seed).permutation(np.unique(data.speakers))
    sides = [data.where(np.isin(data.speakers, part)) for part in np.array_split(names, SIDES)]
    train, held_out, mine, unseen = sides
    recipe, heat = protocols.choose(train, candidates)
    own = Own(mine.paths, mine.matrix(recipe.parts, recipe.normalize), mine.speakers, np.full(len(mine), "", object))
    model, rounds, given = growing.grow(recipe, train, held_out, own, heat, least)
    before = recipe.fit(train.matrix(recipe.parts, recipe.normalize), train.tones)
    return {
        "rounds": sum(each.kept for each in rounds) - 1,
        "held_out": [growing.judge(each, recipe, held_out, heat)[0] for each in (before, model)],
        "unseen": [growing.judge(each, recipe, unseen, heat)[0] for each in (before, model)],
        "taken": int(np.sum(given != "")),
        "right": int(np.sum(given == mine.tones)),
    }


def draws(data: Data, seeds: range, least: float, jobs: int) -> tuple[list[list[dict]], list[dict]]:
    """What `doubted` and `grown` tell of every seed. Raises ConfigError where a side would have a single speaker."""
    protocols.check(data, 2 * SIDES)
    for parts in {recipe.parts for recipe in models.CANDIDATES}:
        data.matrix(parts, True)
    tasks = [delayed(doubted)(data, models.CANDIDATES, seed) for seed in seeds]
    tasks += [delayed(grown)(data, models.CANDIDATES, seed, least) for seed in seeds]
    told = Parallel(jobs)(tasks)
    return told[: len(seeds)], told[len(seeds) :]


def doubts_table(found: list[list[dict]]) -> str:
    """What `doubts` lists from every confidence on, all draws together."""
    rows = []
    for at_cut in zip(*found, strict=True):
        listed, right, wrong = (sum(row[name] for row in at_cut) for name in ("listed", "right", "wrong"))
        precision = f"{right / listed:.2f}" if listed else None
        rows.append((f"{at_cut[0]['cut']:g}", str(listed), str(right), precision, f"{right / wrong:.2f}"))
    heads = ("confidence", "listed", "of these wrong", "precision", "of all wrong")
    return text.grid(dict(zip(heads, zip(*rows, strict=True), strict=True)))


def growing_table(runs: list[dict]) -> str:
    """What growing did in every draw, and the mean."""
    columns = {"growing, draw": [*map(str, range(1, len(runs) + 1)), "mean"]}
    columns |= {name: [*(str(run[name]) for run in runs), "-"] for name in ("rounds", "taken", "right")}
    for name, head in (("held_out", "held out"), ("unseen", "unseen")):
        pairs = [*(run[name] for run in runs), np.mean([run[name] for run in runs], axis=0)]
        columns[head] = [f"{before:.3f} > {after:.3f}" for before, after in pairs]
    return text.grid(columns)
