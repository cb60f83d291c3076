"""Run in the environment `tone` by test_tone_models.py: trains on the labelled clips it is given, tells what came out.

    python inside_tone.py SETS TONES FOLDER

prints one JSON object.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from engines.tone.model import Model
from pipeline.errors import ConfigError
from training.tone import (
    arousal,
    data,
    doubts,
    export,
    growing,
    measures,
    models,
    own,
    protocols,
    rehearsal,
    table,
    train,
)

SMALL = tuple(recipe for recipe in models.CANDIDATES if recipe.parts == models.FULL)
CUT = rehearsal.CUTS.index(doubts.SURE)
NETWORK = models.Recipe("mlp", {"hidden_layer_sizes": (20,), "alpha": 0.01, "max_iter": 60, "tol": 1e-6})


def strangers(clips: data.Data) -> dict:
    """Leave one speaker out, settings chosen within; a single recipe on random splits beside it."""
    told = protocols.strangers(clips, SMALL)
    folds = [name for name in np.unique(clips.speakers)]
    return {
        "uar": told.uar,
        "interval": told.interval,
        "told": len(told.true),
        "folds": [len(folds), len(told.chosen)],
        "sums": float(np.abs(told.probability.sum(axis=1) - 1).max()),
        "random": protocols.random_accuracy(clips, SMALL[0]),
    }


def one_speaker(clips: data.Data) -> str:
    """What is said where no honest split is possible."""
    try:
        protocols.strangers(clips.where(clips.speakers == clips.speakers[0]), SMALL)
    except ConfigError as error:
        return str(error)
    return ""


def lstm(clips: data.Data) -> dict | None:
    """The LSTM, trained on half of the speakers; None where there is no laboratory."""
    if not models.runs_here((models.LSTM,)):
        return None
    half = np.isin(clips.speakers, np.unique(clips.speakers)[::2])
    told = protocols.tell(clips.where(half), clips.where(~half), (models.LSTM,))
    return {"told": told.probability.shape[1], "training": told.training}


def exported(clips: data.Data, folder: Path) -> dict:
    """The largest difference of every kind of model to its ONNX file."""
    errors = {}
    for recipe in (*{recipe.model: recipe for recipe in SMALL}.values(), NETWORK):
        vectors = clips.matrix(recipe.parts, True)
        model = recipe.fit(vectors, clips.tones)
        export.write(folder / f"{recipe.model}.onnx", model, recipe, vectors, 1.0, {})
        given = Model(folder / f"{recipe.model}.onnx").scores(vectors)
        errors[recipe.model] = float(np.abs(given - models.scores(model, vectors)).max())
    return errors


def resumed(clips: data.Data, folder: Path) -> dict:
    """A network that was cut off after its second checkpoint, against one that was not."""
    options = train.Options((NETWORK,), test_size=0.25, every=20)
    whole = train.run(folder / "whole", clips, options)
    write = export.write

    def broken(path: Path, *rest) -> None:
        write(path, *rest)
        if path.stem == "epoch00040":
            raise KeyboardInterrupt

    train.network.export.write = broken
    try:
        train.run(folder / "cut", clips, options)
    except KeyboardInterrupt:
        cut = not (folder / "cut/model.onnx").exists()
    finally:
        train.network.export.write = write
    again = train.run(folder / "cut", clips, options)
    vectors = clips.matrix(NETWORK.parts, True)
    try:
        train.run(folder / "cut", clips, replace(options, seed=1))
        refused = ""
    except ConfigError as error:
        refused = str(error)
    return {
        "cut": cut,
        "same": float(np.abs(Model(whole).scores(vectors) - Model(again).scores(vectors)).max()),
        "checkpoints": sorted(path.stem for path in (folder / "cut").glob("*.onnx")),
        "refused": refused,
        "held_out": json.loads((folder / "cut/model.json").read_text())["data"]["held_out"],
    }


def grown(clips: data.Data) -> list[dict]:
    """Rounds on three splits of the speakers: trained on, held out, one's own."""
    runs = []
    for seed in range(3):
        part = np.random.default_rng(seed).permutation(np.unique(clips.speakers))
        cuts = np.array_split(part, 3)
        sides = [clips.where(np.isin(clips.speakers, side)) for side in cuts]
        recipe, heat = protocols.choose(sides[0], SMALL)
        nobody = np.full(len(sides[2]), "", object)
        mine = own.Own(sides[2].paths, sides[2].matrix(recipe.parts, True), sides[2].speakers, nobody)
        model, rounds, given = growing.grow(recipe, sides[0], sides[1], mine, heat, 0.7)
        after = growing.judge(model, recipe, sides[1], heat)[0]
        decided = own.Own(mine.clips, mine.vectors, mine.speakers, sides[2].tones.astype(object))
        first = growing.grow(recipe, sides[0], sides[1], decided, heat, 0.7)[1][1]
        runs.append(
            {
                "before": rounds[0].uar,
                "after": after,
                "rounds": len(rounds),
                "taken": int(np.sum(given != "")),
                "decided": sum(first.taken.values()),
                "own": len(mine.clips),
            }
        )
    return runs


def calibrated() -> list[float]:
    """The temperature that is found for scores that were made too sure by known factors."""
    random = np.random.default_rng(0)
    scores = random.normal(size=(4000, 3))
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    true = np.array([random.choice(3, p=row) for row in chances])
    return [measures.temperature(factor * scores, true) for factor in (1.0, 5.0)]


def main() -> None:
    places, names, folder = sys.argv[1].split(":"), sys.argv[2].split(","), Path(sys.argv[3])
    examples = table.gather(map(Path, places)).examples
    heard, silent = data.load(examples, (*models.FULL, "mfcc"), 2)
    clips = heard.where(np.isin(heard.tones, names))
    answer = {
        "clips": len(clips),
        "silent": len(silent),
        "strangers": strangers(clips),
        "one_speaker": one_speaker(clips),
        "lstm": lstm(clips),
        "exported": exported(clips, folder),
        "resumed": resumed(clips, folder),
        "grown": grown(clips),
        "doubted": rehearsal.doubted(clips, SMALL, 0)[CUT],
        "calibrated": calibrated(),
        "arousal": float(np.median(list(arousal.agreement(heard).values()))),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
