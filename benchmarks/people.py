"""People to look for in recordings with a known timeline: their voices, from other halves, other files, other data."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from evaluation import accounts

LEAST_SECONDS = 25.0
RATE = 16000


def rows(path: Path) -> list[dict]:
    """The rows of a CSV."""
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def sound(path: Path, start: float = 0.0, end: float | None = None) -> np.ndarray:
    """A part of a file as mono at 16 kHz."""
    signal = accounts.decoded(path)
    return signal[round(start * RATE) : None if end is None else round(end * RATE)]


def halves(shows: dict[str, Path], truth: Path, known: set[str], embedder) -> list[tuple[str, np.ndarray, list]]:
    """(speaker, vector, rows of the reference) for either half of the utterances of everyone with enough seconds."""
    said: dict[str, list[list[tuple[str, float, float]]]] = defaultdict(list)
    for show in shows:
        last = None
        for row in rows(truth / f"{show}.csv"):
            if row["label"] == "speech" and row["speaker"] not in known:
                place = (show, float(row["start"]), float(row["end"]))
                here = (row["speaker"], row["source"].split("|")[0])
                if here == last:
                    said[row["speaker"]][-1].append(place)
                else:
                    said[row["speaker"]].append([place])
                last = here
    whole = {show: sound(path) for show, path in shows.items()}
    found = []
    for name, utterances in sorted(said.items()):
        if sum(end - start for one in utterances for _, start, end in one) >= LEAST_SECONDS:
            for parity in (0, 1):
                half = [place for one in utterances[parity::2] for place in one]
                heard = [whole[show][round(start * RATE) : round(end * RATE)] for show, start, end in half]
                found.append((name, embedder.embed([np.concatenate(heard)])[0].vector, half))
    return found


def absent(data: Path, known: set[str], embedder) -> dict[str, dict[str, np.ndarray]]:
    """Vectors of people who are not in the shows, by folder: up to eight clips of each."""
    files: dict[str, dict[str, list[tuple]]] = {name: defaultdict(list) for name in ("acted, meetings", "readers")}
    present = {name for one in known for name in one.split("+")}

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
    found: dict[str, dict[str, np.ndarray]] = {}
    for kind, people in files.items():
        sounds = {name: np.concatenate([sound(*one) for one in some]) for name, some in sorted(people.items())}
        vectors = {name: embedder.embed([one])[0].vector for name, one in sounds.items() if len(one) >= 2 * RATE}
        found[kind] = {name: vector for name, vector in vectors.items() if vector is not None}
    return found
