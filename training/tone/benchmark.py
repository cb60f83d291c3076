"""The tables that judge: strangers, set against set, random splits beside them, every checkpoint.

Pure functions from data to rows and text; `write` puts them into a folder, with pictures.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.tone.model import Model, card_of
from pipeline import manifest
from pipeline.errors import ConfigError
from training.tone import measures, pictures, protocols
from training.tone.data import Data
from training.tone.models import Recipe
from training.tone.protocols import Told

OVERFITTED = 0.15  # UAR in training above that on held-out speakers
UNDERFITTED = 0.75  # UAR in training, as a share of the way from chance to 1


@dataclass(frozen=True)
class Row:
    """One line of the table of strangers. random: accuracy on random splits, with the same voices on both sides."""

    name: str
    told: Told
    random: float


def strangers(data: Data, contenders: dict[str, tuple[Recipe, ...]], jobs: int, seed: int = 0) -> list[Row]:
    """Leave one speaker out for every contender: a recipe, or several of which the training folds choose."""
    rows = []
    for name, candidates in contenders.items():
        told = protocols.strangers(data, candidates, jobs, seed)
        often = max(set(told.chosen), key=told.chosen.count)
        recipe = next(recipe for recipe in candidates if str(recipe) == often)
        rows.append(Row(name, told, protocols.random_accuracy(data, recipe, seed)))
    return rows


def table(rows: list[Row]) -> str:
    """The rows as text."""
    lines = [f"{'leave one speaker out':<38}{'UAR':>7}{'95 %':>16}{'calibration':>13}{'random splits':>15}"]
    for row in rows:
        low, high = row.told.interval
        _, error = measures.reliability(row.told.confidence, row.told.true == row.told.told)
        lines.append(
            f"{row.name:<38}{row.told.uar:>7.3f}{f'{low:.3f}-{high:.3f}':>16}{error:>13.3f}{row.random:>15.3f}"
        )
    return "\n".join(lines)


def matrix(pairs: dict[str, dict[tuple[str, str], Told]]) -> str:
    """Trained on, tested on: the UAR of every contender."""
    lines = [f"{'trained on':<24}{'tested on':<12}" + "".join(f"{name:>28}" for name in pairs)]
    for train, test in next(iter(pairs.values()), {}):
        values = "".join(f"{of[train, test].uar:>28.3f}" for of in pairs.values())
        lines.append(f"{train:<24}{test:<12}{values}")
    return "\n".join(lines)


def fit_of(training: float, held_out: float | None, tones: int) -> str:
    """What the distance between training and held-out speakers says, in a word or two."""
    chance = 1 / tones
    if (training - chance) / (1 - chance) < UNDERFITTED:
        return "underfitted"
    if held_out is None:
        return "no speaker held out"
    return "overfitted" if training - held_out > OVERFITTED else "fits"


def checkpoints(paths: list[Path], data: Data) -> str:
    """A line for every checkpoint: how it does on what it was trained on, and on other speakers."""
    lines = [f"{'checkpoint':<38}{'training':>10}{'others':>8}{'95 %':>16}{'clips':>7}  fit"]
    for path in paths:
        model = Model(path)
        card = model.card
        known = np.isin(data.tones, card.tones)
        heard = np.isin(data.speakers, card.data.get("speakers", []))
        training, others = (known & side for side in (heard, ~heard))
        if not training.any() and not others.any():
            raise ConfigError(f"tone: {path} knows {', '.join(card.tones)}, of which the sets have no clip.")
        figures = {}
        for name, mask in (("training", training), ("others", others)):
            if mask.any():
                part = data.where(mask)
                given = model.scores(part.matrix(tuple(card.parts), card.normalize))
                told = np.array(card.tones)[given.argmax(axis=1)]
                figures[name] = measures.uar(part.tones, told), measures.interval(part.tones, told, part.speakers)
        train, rest = (figures.get(name, (None, None)) for name in ("training", "others"))
        fit = fit_of(train[0], rest[0], len(card.tones)) if train[0] is not None else "trained on other clips"
        low_high = f"{rest[1][0]:.3f}-{rest[1][1]:.3f}" if rest[1] else "-"
        shown = [f"{value:.3f}" if value is not None else "-" for value in (train[0], rest[0])]
        name = f"{path.parent.name}/{path.stem}"
        lines.append(f"{name:<38}{shown[0]:>10}{shown[1]:>8}{low_high:>16}{int(others.sum()):>7}  {fit}")
    return "\n".join(lines)


def parts_of(paths: list[Path]) -> set[str]:
    """The parts of the vector that some checkpoints need."""
    return {part for path in paths for part in card_of(path).parts}


def write(into: Path, rows: list[Row], text: str) -> None:
    """The tables as text, the figures as JSON, and for every row its confusions and its reliability as pictures."""
    into.mkdir(parents=True, exist_ok=True)
    figures = {}
    for row in rows:
        told, tones = row.told, sorted({*row.told.true, *row.told.told})
        counts = measures.confusion(told.true, told.told, tones)
        curve, error = measures.reliability(told.confidence, told.true == told.told)
        stem = row.name.replace(" ", "_").replace(",", "")
        pictures.confusion(into / f"confusion_{stem}.png", counts, tones, f"{row.name}: UAR {told.uar:.3f}")
        pictures.reliability(into / f"reliability_{stem}.png", curve, f"{row.name}: error {error:.3f}")
        figures[row.name] = {
            "uar": told.uar,
            "interval": told.interval,
            "random_splits": row.random,
            "calibration_error": error,
            "reliability": curve,
            "tones": [str(tone) for tone in tones],
            "confusion": counts.tolist(),
            "chosen": told.chosen,
        }
    manifest.write_text(into / "benchmark.json", json.dumps(figures, indent=1) + "\n")
    manifest.write_text(into / "benchmark.txt", text + "\n")
