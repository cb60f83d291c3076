"""Feedback: sure clips of one's own corpus are taken into training, round by round, while strangers lose nothing.

What a stranger loses is measured on speakers that are in no training set, by unweighted average recall and by the mean
log probability of the truth where recall stays the same; a round that is worse is taken back, and the growing ends.
Labels that a person has given stand above what a model thinks: such clips are the first round.
"""

from dataclasses import dataclass

import numpy as np

from training.tone import measures, models
from training.tone.data import Data
from training.tone.models import Recipe
from training.tone.own import Own

ROUNDS = 10
LEAST = 0.7  # confidence of a clip that is taken in
SHARE = 0.2  # of the clips that are left, the surest of every tone, in a round


@dataclass(frozen=True)
class Round:
    """A round: clips taken in so far by tone, UAR and log probability on the held-out speakers, whether it was kept."""

    taken: dict[str, int]
    uar: float
    sure: float
    kept: bool


def grow(
    recipe: Recipe, train: Data, held_out: Data, own: Own, heat: float, least: float, seed: int = 0
) -> tuple[object, list[Round], np.ndarray]:
    """The classifier after the last round that was kept, all rounds, and the tone that each own clip was given ("").

    heat: temperature of the recipe's scores; least: the confidence from which on a clip is taken in.
    """
    given = np.where(np.isin(own.decided, np.unique(train.tones)), own.decided, "").astype(object)
    best = recipe.fit(train.matrix(recipe.parts, recipe.normalize), train.tones, seed)
    rounds = [Round({}, *judge(best, recipe, held_out, heat), True)]
    tried = given if (given != "").any() else widened(best, own.vectors, given, heat, least)
    given = np.full(len(given), "", object)
    while len(rounds) <= ROUNDS and not np.array_equal(tried, given):
        model = fitted(recipe, train, own.vectors, tried, seed)
        after = judge(model, recipe, held_out, heat)
        taken = {str(tone): int(np.sum(tried == tone)) for tone in np.unique(train.tones)}
        rounds.append(Round(taken, *after, after >= (rounds[-1].uar, rounds[-1].sure)))
        if not rounds[-1].kept:
            break
        best, given = model, tried
        tried = widened(best, own.vectors, given, heat, least)
    return best, rounds, given


def widened(model, vectors: np.ndarray, given: np.ndarray, heat: float, least: float) -> np.ndarray:
    """What is given, and the surest clips of every tone besides, as many of each: no tone may crowd out another."""
    chances = measures.probabilities(models.scores(model, vectors), heat)
    told, sure = model.classes_[chances.argmax(axis=1)], chances.max(axis=1)
    open_ = (given == "") & (sure >= least)
    most = max(int(SHARE * np.sum(given == "") / len(model.classes_)), 1)
    fewest = min((int(np.sum(open_ & (told == tone))) for tone in model.classes_), default=0)
    wider = given.copy()
    for tone in model.classes_:
        candidates = np.flatnonzero(open_ & (told == tone))
        chosen = candidates[np.argsort(-sure[candidates], kind="stable")][: min(most, max(fewest, 1))]
        wider[chosen] = tone
    return wider


def fitted(recipe: Recipe, train: Data, vectors: np.ndarray, given: np.ndarray, seed: int):
    """The classifier trained on the labelled clips and on what own clips were given."""
    taken = given != ""
    tones = np.concatenate([train.tones, given[taken].astype(train.tones.dtype)])
    heard = train.matrix(recipe.parts, recipe.normalize)
    return recipe.fit(np.concatenate([heard, vectors[taken]]), tones, seed)


def judge(model, recipe: Recipe, held_out: Data, heat: float) -> tuple[float, float]:
    """UAR and mean log probability of the truth on speakers that nothing was trained on."""
    scores = models.scores(model, held_out.matrix(recipe.parts, recipe.normalize))
    true = np.searchsorted(model.classes_, held_out.tones)
    chances = measures.probabilities(scores, heat)[np.arange(len(true)), true]
    told = model.classes_[scores.argmax(axis=1)]
    return measures.uar(held_out.tones, told), float(np.log(chances + 1e-9).mean())


def table(rounds: list[Round]) -> str:
    """The rounds as text."""
    lines = [f"{'round':<7}{'held-out UAR':>13}{'log probability':>17}  clips of one's own"]
    for number, each in enumerate(rounds):
        taken = ", ".join(f"{tone} {count}" for tone, count in each.taken.items()) or "none"
        ending = "" if each.kept else "; taken back"
        lines.append(f"{number:<7}{each.uar:>13.3f}{each.sure:>17.3f}  {taken}{ending}")
    return "\n".join(lines)
