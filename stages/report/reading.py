"""What the report reads: tables and manifests, a row at a time, so that memory does not grow with the corpus.

A pass goes over the rows once and hands each to collectors, objects with `add(row)`.
"""

import hashlib
from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from engines import scores
from pipeline import corpus, manifest, tables

CLIP_PLACE = ("clip", "path", "recording", "start", "end")
NAMES = "clip path recording source speaker decided tone text text_source language".split()
NUMBERS = "start end sample_rate similarity lufs lufs_before tone_confidence text_confidence".split()
CLIP_COLUMNS = dict.fromkeys(NAMES, str) | dict.fromkeys([*NUMBERS, *scores.known()], float)
REJECT_COLUMNS = dict.fromkeys(("id", "stage", "reason", "message", "recording", "source"), str) | dict.fromkeys(
    ("start", "end"), float
)


class Collector(Protocol):
    def add(self, row: dict) -> None: ...


def clips(place: Path) -> Iterator[dict]:
    """The rows of a corpus folder's clips.csv, of CLIP_COLUMNS those that it has."""
    return tables.rows(place / corpus.CLIPS, CLIP_COLUMNS, CLIP_PLACE)


def rejects(place: Path) -> Iterator[dict]:
    """The rows of rejects.csv."""
    return tables.rows(place / corpus.REJECTS, REJECT_COLUMNS, REJECT_COLUMNS)


def manifests(work: Path, stage: str) -> Iterator[dict]:
    """The rows that a stage wrote for all shards; none of what is not there, so that a corpus alone has a report."""
    shards = manifest.shards(work) if (work / "index" / "shards.json").is_file() else []
    for shard in shards:
        path = manifest.of_shard(work, stage, shard)
        if path.is_file():
            yield from manifest.stream(path)


def feed(rows: Iterable[dict], collectors: Iterable[Collector]) -> None:
    """One pass: every row to every collector."""
    collectors = list(collectors)
    for row in rows:
        for collector in collectors:
            collector.add(row)


class Smallest:
    """The `count` rows with the smallest key; rows whose key is None are passed over, ties go to the earlier."""

    def __init__(self, count: int, key: Callable[[dict], object]):
        self.count = count
        self.key = key
        self._best: list[tuple[object, dict]] = []

    def add(self, row: dict) -> None:
        key = self.key(row)
        if key is not None and (len(self._best) < self.count or key < self._best[-1][0]):
            insort(self._best, (key, row), key=lambda pair: pair[0])
            del self._best[self.count :]

    @property
    def rows(self) -> list[dict]:
        return [row for _, row in self._best]


def draw(name: str) -> bytes:
    """A key that puts ids in an order as good as random, and always the same."""
    return hashlib.sha256(name.encode()).digest()
