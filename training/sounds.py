"""The sounds that mixtures are made of: readers and noises, listed in a table or found in a folder.

A table is a CSV with the columns path, kind (speech or noise), speaker, licence and, where sounds are also heard in
evaluation data, also_in_dev. A folder of noises holds class/*.wav, or is ESC-50 (audio/ and meta/esc50.csv).
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import ConfigError

RATE = 16000  # Hz, of all that is mixed and trained on here
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
STATED = "none stated"  # how a table says that a sound has no licence

# ESC-50's classes indoors and in the street (Piczak 2015), by the names of its table: twenty of its fifty.
EVERYDAY = (
    "door_wood_knock mouse_click keyboard_typing door_wood_creaks can_opening washing_machine vacuum_cleaner "
    "clock_alarm clock_tick glass_breaking helicopter chainsaw siren car_horn engine train church_bells airplane "
    "fireworks hand_saw"
).split()


@dataclass(frozen=True)
class Sound:
    """A file of speech or noise. `group`: the reader, or the recording that a noise was cut from; splits keep it whole.

    `held_out`: it is heard in evaluation data too.
    """

    path: Path
    kind: str
    group: str
    licence: str
    held_out: bool = False

    @property
    def licensed(self) -> bool:
        """Whether a licence is stated, so that a model trained on it may be given away."""
        return bool(self.licence) and not self.licence.startswith(STATED)


def of_table(table: Path) -> list[Sound]:
    """The sounds of a table, in its order. Raises ConfigError where it is not there or has not the columns."""
    try:
        with open(table, encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except OSError as error:
        raise ConfigError(
            f"There is no table of sounds at {table} ({error.strerror}): name one with --sounds."
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{table} is not a CSV in UTF-8 ({error}): save it as one.") from None
    wanted = {"path", "kind", "speaker", "licence"}
    if not rows or not wanted <= set(rows[0]):
        found = ", ".join(map(str, rows[0])) if rows else "no rows"
        raise ConfigError(f"{table}: expected the columns {', '.join(sorted(wanted))}, found {found}.")
    return [
        Sound(
            table.parent / row["path"],
            row["kind"],
            row["speaker"] or Path(row["path"]).stem,
            row["licence"],
            row.get("also_in_dev") == "1",
        )
        for row in rows
    ]


def of_folder(folder: Path, classes: Sequence[str] = ()) -> list[Sound]:
    """The noises of a folder: of `classes` only, where some are named. Raises ConfigError where it has none."""
    if not folder.is_dir():
        raise ConfigError(f"The noise folder {folder} does not exist: name one that has class/*.wav or is ESC-50.")
    labelled = _esc50(folder) if (folder / "meta" / "esc50.csv").is_file() else _by_folder(folder)
    if unknown := sorted(set(classes) - {name for name, _, _ in labelled}):
        known = ", ".join(sorted({name for name, _, _ in labelled})) or "none"
        raise ConfigError(f"{folder} has no noise class '{unknown[0]}', only: {known}.")
    found = [Sound(path, "noise", group, STATED) for name, path, group in labelled if not classes or name in classes]
    if not found:
        raise ConfigError(f"The noise folder {folder} holds no sound ({', '.join(SUFFIXES)}).")
    return found


def _by_folder(folder: Path) -> list[tuple[str, Path, str]]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return [(path.parent.name, path, str(path.relative_to(folder))) for path in paths]


def _esc50(folder: Path) -> list[tuple[str, Path, str]]:
    """(class, path, the recording that it was cut from) of each clip of ESC-50."""
    with open(folder / "meta" / "esc50.csv", encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    return [(row["category"], folder / "audio" / row["filename"], row["src_file"]) for row in rows]


def read(path: Path) -> np.ndarray:
    """A file as mono float32 at RATE, (n,). Raises ConfigError where it cannot be read."""
    import soundfile
    import soxr

    try:
        signal, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise ConfigError(f"{path} cannot be read as sound ({error}): repair it or take it out.") from None
    mono = signal.mean(axis=1)
    return mono if rate == RATE else soxr.resample(mono, rate, RATE).astype(np.float32)


def split(sounds: Iterable[Sound], share: float, seed: int) -> tuple[list[Sound], list[Sound]]:
    """(training, validation): no group is in both; validation gets `share` of the groups, at least one."""
    sounds = list(sounds)
    groups = sorted({sound.group for sound in sounds})
    if len(groups) < 2:
        raise ConfigError(
            f"Only {len(groups)} speaker or noise to mix, expected at least 2: training and validation share none."
        )
    count = min(len(groups) - 1, max(1, round(share * len(groups))))
    chosen = set(np.random.default_rng(seed).choice(groups, count, replace=False))
    return [s for s in sounds if s.group not in chosen], [s for s in sounds if s.group in chosen]
