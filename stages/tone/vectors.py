"""The vectors of all wanted clips, joined by id and read batch by batch, as often as they are needed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engines.tone import parts
from engines.tone.normalization import FEWEST, Speaker
from pipeline import audio, manifest
from pipeline.rows import Described, Embedded

BATCH = 1000
SIZES = {part: len(parts.names(part)) for part in parts.IN_PIPELINE}


def wanted(work: Path) -> Iterator[dict]:
    """The rows of the clips of the wanted voices."""
    for shard in manifest.shards(work):
        rows = manifest.lines(manifest.of_shard(work, "speaker", shard))
        yield from (row for row in rows if row["answer"] == "confident")


def batches(work: Path) -> Iterator[tuple[list[dict], np.ndarray]]:
    """The wanted clips, BATCH at most at a time, and their vectors (n, d) as they were measured; NaN is unknown."""
    for shard in manifest.shards(work):
        described = {row["id"]: row for row in manifest.stream(manifest.of_shard(work, "describe", shard), Described)}
        embedded = {row["id"]: row for row in manifest.stream(manifest.of_shard(work, "embed", shard), Embedded)}
        files = File(work)
        rows = [row for row in manifest.lines(manifest.of_shard(work, "speaker", shard)) if row["id"] in described]
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            vectors = np.empty((len(part), sum(SIZES.values())), np.float32)
            for vector, row in zip(vectors, part, strict=True):
                how, who = described[row["id"]], embedded[row["id"]]
                vector[: SIZES["descriptors"]] = files.row(how["descriptors"], how["descriptor"])
                voice = files.row(who["embeddings"], who["embedding"])
                vector[SIZES["descriptors"] :] = voice if voice.any() else np.nan  # zeros: nothing was left to embed
            yield part, vectors


class File:
    """Reads rows of the .npz files of a work folder; one of each stage is held at a time."""

    def __init__(self, work: Path):
        self.work = work
        self.opened: dict[str, tuple[str, np.ndarray]] = {}

    def row(self, path: str, number: int) -> np.ndarray:
        stage = path.split("/", 1)[0]
        if self.opened.get(stage, ("",))[0] != path:
            audio.check_there(self.work / path)
            self.opened[stage] = path, np.load(self.work / path, allow_pickle=False)["vectors"]
        return self.opened[stage][1][number]


def speakers(work: Path) -> dict[str, Speaker]:
    """What the clips of every speaker have in common: one pass over the corpus."""
    known: dict[str, Speaker] = {}
    for rows, vectors in batches(work):
        for row, vector in zip(rows, vectors, strict=True):
            if heard(vector):
                known.setdefault(row["speaker"], Speaker(len(vector))).add(vector)
    return known


def heard(vector: np.ndarray) -> bool:
    """Whether a clip has descriptors at all."""
    return not np.isnan(vector[: SIZES["descriptors"]]).all()


def normalized(work: Path, known: dict[str, Speaker]) -> Iterator[tuple[list[dict], np.ndarray]]:
    """The clips that a tone can be told of, and their normalised vectors (n, d), batch by batch.

    A clip without a voice and a speaker of whom there are fewer than FEWEST clips are passed over.
    """
    for rows, vectors in batches(work):
        pairs = [
            (row, known[row["speaker"]].normalized(vector[None])[0])
            for row, vector in zip(rows, vectors, strict=True)
            if heard(vector) and known[row["speaker"]].clips >= FEWEST
        ]
        if pairs:
            yield [row for row, _ in pairs], np.array([vector for _, vector in pairs])
