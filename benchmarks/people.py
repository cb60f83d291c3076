"""People to look for in recordings with a known timeline: their voices, from other halves, other files, other data."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation import accounts, timeline

LEAST_SECONDS = 25.0
RATE = 16000


def rows(path: Path) -> list[dict]:
    """The rows of a CSV."""
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@dataclass(frozen=True)
class Shows:
    """Recordings with a known timeline: show -> file and truth; the rows of targets.csv, where there is one."""

    folder: Path
    files: dict[str, Path]
    truths: dict[str, timeline.Truth]
    targets: list[dict]

    @property
    def hosts(self) -> set[str]:
        return {target["speaker"] for target in self.targets}


def shows_of(folder: Path) -> Shows:
    """The shows that a folder's shows.csv lists."""
    files = {row["show"]: folder / row["file"] for row in rows(folder / "shows.csv")}
    targets = folder / "targets.csv"
    truths = {show: timeline.read_truth(folder / f"{show}.csv") for show in files}
    return Shows(folder, files, truths, rows(targets) if targets.is_file() else [])


def sound(path: Path, start: float = 0.0, end: float | None = None) -> np.ndarray:
    """A part of a file as mono at 16 kHz."""
    signal = accounts.decoded(path)
    return signal[round(start * RATE) : None if end is None else round(end * RATE)]


def halves(shows: Shows, embedder) -> list[tuple[str, np.ndarray, list]]:
    """(speaker, vector, rows of the reference) for either half of the utterances of all others with enough seconds."""
    utterances_of: dict[str, list[list[tuple[str, float, float]]]] = defaultdict(list)
    for show in shows.files:
        last = None
        for row in rows(shows.folder / f"{show}.csv"):
            if row["label"] == "speech" and row["speaker"] not in shows.hosts:
                place = (show, float(row["start"]), float(row["end"]))
                here = (row["speaker"], row["source"].split("|")[0])
                if here == last:
                    utterances_of[row["speaker"]][-1].append(place)
                else:
                    utterances_of[row["speaker"]].append([place])
                last = here
    whole = {show: sound(path) for show, path in shows.files.items()}
    references = []
    for name, utterances in sorted(utterances_of.items()):
        if sum(end - start for utterance in utterances for _, start, end in utterance) >= LEAST_SECONDS:
            for parity in (0, 1):
                half = [place for utterance in utterances[parity::2] for place in utterance]
                pieces = [whole[show][round(start * RATE) : round(end * RATE)] for show, start, end in half]
                references.append((name, embedder.embed([np.concatenate(pieces)])[0].vector, half))
    return references


def absent(data: Path, known: set[str], embedder) -> dict[str, dict[str, np.ndarray]]:
    """Vectors of people who are not in the shows, by folder: up to eight clips of each."""
    files: dict[str, dict[str, list[tuple]]] = {name: defaultdict(list) for name in ("acted, meetings", "readers")}
    present = {name for names in known for name in names.split("+")}

    def add(kind: str, speaker: str, *place) -> None:
        if speaker not in present and len(files[kind][speaker]) < 8:
            files[kind][speaker].append(place)

    for row in rows(data / "emotion/emotion.csv"):
        add("acted, meetings", row["speaker"], data / "emotion" / row["path"])
    for row in rows(data / "conversation/turns.csv"):
        (path,) = (data / "conversation").glob(f"{Path(row['file']).stem}.*[!v]")
        add("acted, meetings", row["speaker"], path, float(row["start"]), float(row["end"]))
    for row in rows(data / "noisy_clean/pairs.csv"):
        add("readers", row["speaker"], data / "noisy_clean" / row["clean"])
    vectors_of: dict[str, dict[str, np.ndarray]] = {}
    for kind, people in files.items():
        sounds = {name: np.concatenate([sound(*place) for place in places]) for name, places in sorted(people.items())}
        vectors = {
            name: embedder.embed([signal])[0].vector for name, signal in sounds.items() if len(signal) >= 2 * RATE
        }
        vectors_of[kind] = {name: vector for name, vector in vectors.items() if vector is not None}
    return vectors_of
