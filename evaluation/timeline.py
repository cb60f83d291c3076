"""Who speaks when, by the known timeline and by a corpus, in frames of 10 ms."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines import spans
from pipeline import manifest, tables
from pipeline.errors import ConfigError

FRAMES = 100  # per second
GENDERS = {"M": "male", "F": "female"}
OF_TRUTH = {"silence": "noEnergy", "music": "music", "noise": "noise"}


@dataclass(frozen=True)
class Truth:
    """A recording's timeline in frames: speaker and class name of every frame ("" where nobody speaks).

    `spoken`: the rows of speech, as (start, end) in seconds.
    """

    speaker: np.ndarray
    label: np.ndarray
    spoken: list[tuple[float, float]]


def read_truth(path: Path) -> Truth:
    """The timeline of one CSV. Raises ConfigError, naming the row, where it cannot be read."""
    rows = list(read_table(path))
    if not rows:
        raise ConfigError(f"evaluate: {path} has no rows: give the recording's timeline, or take the file away.")
    if missing := {"start", "end", "label", "speaker", "gender"} - set(rows[0]):
        raise ConfigError(f"evaluate: {path} has no column {', '.join(sorted(missing))}: see docs/purity.md.")
    spans = []
    for row in rows:
        speech = row["label"] == "speech"
        named = GENDERS.get(row["gender"]) if speech else OF_TRUTH.get(row["label"])
        if not named:
            raise ConfigError(
                f"evaluate: {path}, at {row['start']} s: expected speech of gender M or F, or one of "
                f"{', '.join(OF_TRUTH)}; found {row['label']} {row['gender']}: correct the timeline."
            )
        try:
            start, end = float(row["start"]), float(row["end"])
            if not 0 <= start <= end < float("inf"):
                raise ValueError
        except (TypeError, ValueError):
            raise ConfigError(
                f"evaluate: {path}: expected start and end in seconds, found {row['start']} and {row['end']}: "
                "correct the timeline."
            ) from None
        spans.append((start, end, row["speaker"] if speech else "", named))
    length = max((frame(end) for _, end, *_ in spans), default=0)
    speaker, label = np.full(length, "", object), np.full(length, "noEnergy", object)
    for start, end, name, named in spans:
        speaker[frame(start) : frame(end)], label[frame(start) : frame(end)] = name, named
    spoken = [(start, end) for start, end, name, _ in spans if name]
    return Truth(speaker, label, spoken)


def frame(seconds: str | float) -> int:
    """The frame nearest to a time."""
    return round(float(seconds) * FRAMES)


def kept_frames(corpus: Path) -> dict[str, dict[str, np.ndarray]]:
    """speaker -> recording's stem -> kept frames, from clips.csv."""
    kept: dict[str, dict[str, np.ndarray]] = {}
    for row in read_clips(corpus):
        mask = kept.setdefault(row["speaker"], {})
        stem = Path(row["source"]).stem
        stop = frame(row["end"])
        mask[stem] = np.pad(mask.get(stem, np.zeros(0, bool)), (0, max(0, stop - len(mask.get(stem, ())))))
        mask[stem][frame(row["start"]) : stop] = True
    return kept


def read_clips(corpus: Path) -> list[dict]:
    """The rows of clips.csv. Raises ManifestError where there is none."""
    return tables.read(corpus / "clips.csv").to_dict("records")


def recordings(corpus: Path) -> set[str]:
    """The stems of all input recordings, kept or not. Raises ConfigError where two recordings share a stem."""
    sources: set[str] = set()
    for path in (corpus / "clips.csv", corpus / "rejects.csv"):
        rows = tables.read(path, ["source"], ["source", "stage"])
        if "stage" in rows:  # what the crawl failed to fetch is no recording
            rows = rows[rows["stage"] != "crawl"]
        sources |= set(rows["source"])
    by_stem: dict[str, str] = {}
    for source in sorted(sources):
        if by_stem.setdefault(Path(source).stem, source) != source:
            raise ConfigError(
                f"evaluate: {by_stem[Path(source).stem]} and {source} would have one timeline, "
                f"{Path(source).stem}.csv: "
                "evaluate them apart."
            )
    return set(by_stem)


def read_table(path: Path) -> Iterator[dict]:
    """The rows of one of the corpus's tables."""
    if not path.is_file():
        raise ConfigError(
            f"evaluate: {path} does not exist: check --corpus, the folder of a finished corpus, and --truth."
        )
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        yield from csv.DictReader(lines)


def read_labels(work: Path, truths: dict[str, Truth]) -> dict[str, list[tuple[str, float, float]]]:
    """The segmentation of every recording that has a timeline; speech takes the gender of its clip's voice if known."""
    rows = [row for path in sorted(work.glob("segment/*/manifest.jsonl")) for row in manifest.read(path)]
    stems = {Path(row["source"]).stem: row["path"] for row in rows}
    genders: dict[str, list[tuple[str, float, float]]] = {}
    if (voices := work / "speaker" / "voices.jsonl").is_file():
        for row in manifest.lines(voices):
            genders.setdefault(Path(row["source"]).stem, []).append((row["gender"], row["start"], row["end"]))
    return {
        stem: regender(spans.read_csv(work / path), genders.get(stem, []))
        for stem, path in stems.items()
        if stem in truths
    }


def regender(
    labelled: list[tuple[str, float, float]], genders: list[tuple[str, float, float]]
) -> list[tuple[str, float, float]]:
    """The labelled spans, and after them those parts of speech, male or female, that lie in a clip, with its gender."""
    parts = [
        (gender, max(start, begin), min(stop, end))
        for name, start, stop in labelled
        if name in ("male", "female")
        for gender, begin, end in genders
        if max(start, begin) < min(stop, end)
    ]
    return labelled + parts
