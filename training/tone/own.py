"""The clips of one's own corpus as vectors, and the tones that people have given some of them in the review."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.tone.normalization import FEWEST, per_speaker
from pipeline import decisions
from pipeline.errors import ConfigError
from pipeline.places import Latest
from training.tone import vectors

CLIPS = "clips.csv"
COLUMNS = ("clip", "path", "speaker", "sha256", "start", "end")


@dataclass(frozen=True)
class Own:
    """n clips of a corpus: ids, vectors (n, d) as a model wants them, speakers, and what a person decided, or ""."""

    clips: np.ndarray
    vectors: np.ndarray
    speakers: np.ndarray
    decided: np.ndarray


def read(corpus: Path, parts: tuple[str, ...], normalize: bool, folder: Path | None, jobs: int) -> Own:
    """The clips of a finished corpus, and what was decided on them in a folder of decisions, where one is named.

    Clips without a voice, or of speakers with few clips, are passed over. Raises ConfigError where there is no corpus,
    none of its clips can be used, or there is no such folder.
    """
    rows = table(corpus)
    measured = [vectors.measure([corpus / row["path"] for row in rows], part, jobs) for part in parts]
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["speaker"]] = counts.get(row["speaker"], 0) + 1
    there = [
        number
        for number, row in enumerate(rows)
        if all(part[number] is not None for part in measured) and counts[row["speaker"]] >= FEWEST
    ]
    if not there:
        raise ConfigError(
            f"tone: {corpus} has no clip to learn from: expected a speaker with at least {FEWEST} clips with a voice."
        )
    joined = np.array([np.concatenate([part[number] for part in measured]) for number in there])
    speakers = np.array([rows[number]["speaker"] for number in there])
    vectors_of_clips = per_speaker(joined, speakers) if normalize else np.nan_to_num(joined)
    told = tones(folder)
    decided = [decision.value if (decision := told.of(rows[number])) else "" for number in there]
    clips = [rows[number]["clip"] for number in there]
    return Own(np.array(clips), vectors_of_clips, speakers, np.array(decided, object))


def tones(folder: Path | None) -> Latest:
    """The tones that people decided on. Raises ConfigError where the folder is not there."""
    if folder is not None and not folder.is_dir():
        raise ConfigError(f"tone: {folder} is no folder: name the one that `decisions` in your configuration names.")
    return Latest(line for line in (decisions.of(folder) if folder else []) if line.kind == "tone")


def table(corpus: Path) -> list[dict]:
    """The rows of a corpus's clips.csv, start and end in seconds. Raises ConfigError where that cannot be read."""
    path = corpus / CLIPS
    try:
        with open(path, encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if missing := [name for name in COLUMNS if name not in (reader.fieldnames or [])]:
                raise ConfigError(f"tone: {path} has no column {', '.join(missing)}: expected {', '.join(COLUMNS)}.")
            return [row | {name: float(row[name]) for name in ("start", "end")} for row in reader]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise ConfigError(f"tone: {path} cannot be read ({error}): name the folder of a finished corpus.") from None
