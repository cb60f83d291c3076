"""One training run: a folder with checkpoints, resumable. A run that was cut off ends as if it had not been.

RUN/settings.json says what the run is; RUN/choice.json keeps what every candidate has scored, RUN/network.npz the state
of a network that trains. A checkpoint is a model like any other: NAME.onnx and its card.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from pipeline import manifest
from pipeline.errors import ConfigError
from training.tone import export, measures, models, network, protocols
from training.tone.data import Data
from training.tone.models import Recipe

SETTINGS, CHOICE, MODEL = "settings.json", "choice.json", "model.onnx"


@dataclass(frozen=True)
class Options:
    """What is trained: `candidates` to choose from; `test_size`: the share of speakers that is kept aside to
    judge with; `every`: epochs of a network between two checkpoints."""

    candidates: tuple[Recipe, ...]
    test_size: float = 0.2
    seed: int = 0
    every: int = 50


def split(data: Data, share: float, seed: int) -> np.ndarray:
    """Which clips train, (n,) bool: no speaker on both sides. Raises ConfigError where no split is possible."""
    if not share:
        return np.ones(len(data), bool)
    protocols.check(data)
    folds = min(max(round(1 / share), 2), len(np.unique(data.speakers)))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    train, _ = next(splitter.split(data.tones, data.tones, data.speakers))
    mask = np.zeros(len(data), bool)
    mask[train] = True
    return mask


def run(place: Path, data: Data, options: Options) -> Path:
    """Train in the folder `place`, going on where an earlier call was cut off; the path of the finished model.

    Raises ConfigError where the folder holds another run.
    """
    settings = described(data, options)
    _claim(place, settings)
    mask = split(data, options.test_size, options.seed)
    train, test = data.where(mask), data.where(~mask)
    if missing := set(data.tones) - set(train.tones):
        raise ConfigError(f"tone: nobody to train on is {' or '.join(sorted(missing))}: use a smaller --test-size.")
    recipe, heat = choice(place / CHOICE, train, options)
    vectors = train.matrix(recipe.parts, recipe.normalize)
    about = summary(train, test, options.seed)
    if recipe.model == "mlp":
        model = network.train(place, recipe, vectors, train.tones, options.seed, options.every, (heat, about))
    else:
        model = recipe.fit(vectors, train.tones, options.seed)
    export.write(place / MODEL, model, recipe, vectors, heat, about, judged(model, recipe, train, test))
    return place / MODEL


def choice(place: Path, train: Data, options: Options) -> tuple[Recipe, float]:
    """The best candidate and its temperature, by speakers that it has not heard; what was scored before is kept."""
    known = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}

    def keep(key: str, score: list[float]) -> None:
        known[key] = score
        manifest.write_text(place, json.dumps(known, indent=1))

    return protocols.choose(train, options.candidates, options.seed, known, keep)


def described(data: Data, options: Options) -> dict:
    """What decides a run: its options, and a digest of the labelled clips."""
    clips = sorted(zip(data.paths.tolist(), data.tones.tolist(), data.speakers.tolist(), strict=True))
    return {
        "candidates": [str(recipe) for recipe in options.candidates],
        "test_size": options.test_size,
        "seed": options.seed,
        "every": options.every,
        "clips": hashlib.sha256(json.dumps(clips).encode()).hexdigest()[:16],
    }


def summary(train: Data, test: Data, seed: int) -> dict:
    """The card's `data`."""

    def counts(values: np.ndarray) -> dict[str, int]:
        return {str(name): int(count) for name, count in zip(*np.unique(values, return_counts=True), strict=True)}

    return {
        "clips": counts(train.tones),
        "sets": counts(train.sets),
        "speakers": sorted(map(str, np.unique(train.speakers))),
        "held_out": sorted(map(str, np.unique(test.speakers))),
        "seed": seed,
    }


def judged(model, recipe: Recipe, train: Data, test: Data) -> dict:
    """The card's `scores`: UAR on what was trained on and on the speakers kept aside."""
    figures = {}
    for name, part in (("training", train), ("held_out", test)):
        if len(part):
            told = model.classes_[models.scores(model, part.matrix(recipe.parts, recipe.normalize)).argmax(axis=1)]
            figures[name] = round(measures.uar(part.tones, told), 4)
    return figures


def _claim(place: Path, settings: dict) -> None:
    path = place / SETTINGS
    place.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        if changed := [name for name in settings if before.get(name) != settings[name]]:
            raise ConfigError(
                f"tone: {place} holds a run with another {' and '.join(changed)}: name another folder with --into, or "
                "remove that one."
            )
    elif any(place.iterdir()):
        raise ConfigError(f"tone: {place} is not empty and holds no training run: name another folder with --into.")
    else:
        manifest.write_text(path, json.dumps(settings, indent=1) + "\n")
