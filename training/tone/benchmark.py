"""What judges recipes and checkpoints: strangers, random splits beside them, set against set, training against test.

A checkpoint is judged twice: its file, on what it was trained on and on other speakers; and its recipe, trained anew
for every speaker that is left out. training/tone/text.py has the tables.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engines.tone.model import Model, card_of
from pipeline import manifest
from pipeline.errors import ConfigError
from training.tone import measures, models, pictures, protocols
from training.tone.data import Data
from training.tone.models import Recipe
from training.tone.protocols import Told

OVERFITTED = 0.15  # UAR in training above that on other speakers
UNDERFITTED = 0.75  # UAR in training, as a share of the way from chance to 1


@dataclass(frozen=True)
class Contender:
    """What is judged, on `clips`: recipes of which the training folds choose one, and of a checkpoint its file."""

    name: str
    candidates: tuple[Recipe, ...]
    clips: Data
    model: Model | None = None


@dataclass(frozen=True)
class Row:
    """A line of the tables; what is not known is None.

    strangers: predictions with one speaker left out at a time; random: accuracy on random splits, with the same voices
    on both sides; training: UAR on what was trained on; others: a checkpoint's own predictions for other speakers;
    pairs: {(trained on, tested on): predictions}, by sets.
    """

    name: str
    tones: int
    strangers: Told | None = None
    random: float | None = None
    training: float | None = None
    others: Told | None = None
    pairs: dict[tuple[str, str], Told] = field(default_factory=dict)

    @property
    def fit(self) -> str:
        """What the distance between training and other speakers says, in a word or two."""
        if self.training is None:
            return "trained on other clips"
        test = self.others or self.strangers
        return fit_of(self.training, test.uar if test else None, self.tones)


def of_recipes(data: Data, contenders: dict[str, tuple[Recipe, ...]]) -> list[Contender]:
    """The contenders of models.CONTENDERS, or some of them, on all clips."""
    return [Contender(name, candidates, data) for name, candidates in contenders.items()]


def of_checkpoints(paths: list[Path], data: Data) -> list[Contender]:
    """Checkpoints, each on the clips of its tones. Raises ConfigError where one knows none of the tones."""
    short = [f"{path.parent.name}/{path.stem}" for path in paths]
    contenders = []
    for path, name in zip(paths, short, strict=True):
        model = Model(path)
        clips = data.where(np.isin(data.tones, model.card.tones))
        if not len(clips):
            raise ConfigError(f"tone: {path} knows {', '.join(model.card.tones)}, of which the sets have no clip.")
        name = name if short.count(name) == 1 else str(path.with_suffix(""))
        contenders.append(Contender(name, (models.of_card(model.card),), clips, model))
    return contenders


def judge(contenders: Iterable[Contender], jobs: int, seed: int = 0) -> Iterator[Row]:
    """The row of every contender; recipes that several checkpoints share are judged once."""
    known: dict[tuple, tuple] = {}
    for contender in contenders:
        clips, candidates = contender.clips, contender.candidates
        key = candidates, tuple(np.unique(clips.tones))
        if key not in known:
            known[key] = _recipes(clips, candidates, jobs, seed)
        strangers, random, pairs = known[key]
        row = of_file(contender)
        training = strangers.training if strangers and not contender.model else row.training
        yield Row(row.name, row.tones, strangers, random, training, row.others, pairs)


def _recipes(clips: Data, candidates: tuple[Recipe, ...], jobs: int, seed: int) -> tuple:
    """Row's strangers, random and pairs of some recipes; None and none where there are too few speakers or sets."""
    if not protocols.honest(clips):
        return None, None, {}
    protocols.check(clips)
    told = protocols.strangers(clips, candidates, jobs, seed)
    often = Counter(told.chosen).most_common(1)[0][0]
    recipe = next(recipe for recipe in candidates if str(recipe) == often)
    pairs = protocols.across(clips, candidates, jobs, seed) if len(np.unique(clips.sets)) > 1 else {}
    return told, protocols.random_accuracy(clips, recipe, jobs, seed), pairs


def of_file(contender: Contender) -> Row:
    """What a checkpoint's file does on the clips of the speakers that it was trained on, and on all others."""
    clips, model = contender.clips, contender.model
    if model is None:
        return Row(contender.name, len(np.unique(clips.tones)))
    card, sides = model.card, []
    heard = np.isin(clips.speakers, card.data.get("speakers", []))
    for mask in (heard, ~heard):
        part = clips.where(mask)
        chances = model.probabilities(part.matrix(tuple(card.parts), card.normalize)) if len(part) else None
        told = None if chances is None else np.array(card.tones)[chances.argmax(axis=1)]
        sides.append(None if told is None else Told(part.tones, told, chances, part.speakers, []))
    training, others = sides
    return Row(contender.name, len(card.tones), training=training.uar if training else None, others=others)


def fit_of(training: float, others: float | None, tones: int) -> str:
    """What two UAR say: on what was trained on, and on other speakers."""
    chance = 1 / tones
    if (training - chance) / (1 - chance) < UNDERFITTED:
        return "underfitted"
    if others is None:
        return "no other speaker"
    return "overfitted" if training - others > OVERFITTED else "fits"


def parts_of(paths: list[Path]) -> set[str]:
    """The parts of the vector that some checkpoints need."""
    return {part for path in paths for part in card_of(path).parts}


def write(into: Path, rows: list[Row], text: str) -> None:
    """The tables as text, the figures as JSON, confusions and reliability as pictures."""
    into.mkdir(parents=True, exist_ok=True)
    for row in rows:
        for kind, told in (("", row.strangers), ("_others", row.others)):
            if told:
                _draw(into, row.name + kind.replace("_", ", "), told)
    figures = {row.name: _plain(row) for row in rows}
    manifest.write_text(into / "benchmark.json", json.dumps(figures, indent=1) + "\n")
    manifest.write_text(into / "benchmark.txt", text + "\n")


def _draw(into: Path, name: str, told: Told) -> None:
    counts, tones = _confusion(told)
    curve, error = measures.reliability(told.confidence, told.true == told.told)
    stem = name.replace(", ", "_").replace("/", "_")
    pictures.confusion(into / f"confusion_{stem}.png", counts, tones, f"{name}: UAR {told.uar:.3f}")
    pictures.reliability(into / f"reliability_{stem}.png", curve, f"{name}: error {error:.3f}")


def _confusion(told: Told) -> tuple[np.ndarray, list[str]]:
    tones = sorted({*map(str, told.true), *map(str, told.told)})
    return measures.confusion(told.true, told.told, tones), tones


def _plain(row: Row) -> dict:
    """A row as JSON has it."""

    def plain(told: Told | None) -> dict | None:
        if told is None:
            return None
        counts, tones = _confusion(told)
        curve, error = measures.reliability(told.confidence, told.true == told.told)
        figures = {"uar": told.uar, "interval": told.interval, "calibration_error": error, "reliability": curve}
        return figures | {"tones": tones, "confusion": counts.tolist(), "chosen": told.chosen}

    return {
        "strangers": plain(row.strangers),
        "random_splits": row.random,
        "training": row.training,
        "others": plain(row.others),
        "fit": row.fit,
        "pairs": {f"{train} > {test}": plain(told) for (train, test), told in row.pairs.items()},
    }
