"""The clips of one's own corpus as vectors, and the tones that a person has given some of them.

This is the one place where a person's decisions become labels: a CSV with the columns clip and tone.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.tone.normalization import FEWEST, per_speaker
from pipeline.errors import ConfigError
from training.tone import vectors

CLIPS = "clips.csv"


@dataclass(frozen=True)
class Own:
    """n clips of a corpus: ids, vectors (n, d) as a model wants them, speakers, and what a person decided, or ""."""

    clips: np.ndarray
    vectors: np.ndarray
    speakers: np.ndarray
    decided: np.ndarray


def read(corpus: Path, parts: tuple[str, ...], normalize: bool, decided: Path | None, jobs: int) -> Own:
    """The clips of a finished corpus. Those without a voice, or of speakers with few clips, are passed over.

    Raises ConfigError where there is no corpus, or none of its clips can be used.
    """
    rows = table(corpus / CLIPS, ("clip", "path", "speaker"))
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
    tones = {row["clip"]: row["tone"] for row in table(decided, ("clip", "tone"))} if decided else {}
    clips = [rows[number]["clip"] for number in there]
    given = per_speaker(joined, speakers) if normalize else np.nan_to_num(joined)
    return Own(np.array(clips), given, speakers, np.array([tones.get(clip, "") for clip in clips], object))


def table(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a CSV. Raises ConfigError where it is missing or lacks a column."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if missing := [name for name in needed if name not in (reader.fieldnames or [])]:
                raise ConfigError(f"tone: {path} has no column {', '.join(missing)}: expected {', '.join(needed)}.")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(
            f"tone: {path} cannot be read ({error}): name a finished corpus, or a CSV in UTF-8."
        ) from None
