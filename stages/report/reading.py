"""What the report reads: tables and manifests, a row at a time, so that memory does not grow with the corpus.

A pass goes over the rows once and hands each to collectors, objects with `add(row)`.
"""

import csv
import hashlib
import json
import math
from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from engines import scores
from pipeline import manifest
from pipeline.errors import ManifestError

NUMBERS = frozenset(("start", "end", "similarity", "lufs", "lufs_before", *scores.known()))
CLIPS = ("clip", "path", "recording", "start", "end")
REJECTS = ("id", "stage", "reason", "message", "recording", "start", "end")


class Collector(Protocol):
    def add(self, row: dict) -> None: ...


def read(path: Path, needed: tuple[str, ...]) -> Iterator[dict]:
    """The rows of a CSV table; NUMBERS as float, or None where there is none, the rest as text.

    Raises ManifestError where the file or a column of `needed` is missing.
    """
    if not path.is_file():
        raise ManifestError(f"{path} does not exist: run the export stage, or check --corpus and --compare.")
    # A file's name that is not UTF-8 stands in the table byte for byte; a page has to be UTF-8.
    with open(path, encoding="utf-8", errors="replace", newline="") as lines:
        records = csv.reader(lines)
        header = next(records, [])
        if absent := [name for name in needed if name not in header]:
            raise ManifestError(f"{path}: expected the columns {', '.join(needed)}, found no {', '.join(absent)}.")
        numbers = [name for name in header if name in NUMBERS]
        for cells in records:
            row = dict(zip(header, cells, strict=False))
            for name in numbers:
                row[name] = number(row.get(name))
            yield row


def clips(corpus: Path) -> Iterator[dict]:
    """The rows of clips.csv."""
    return read(corpus / "clips.csv", CLIPS)


def rejects(corpus: Path) -> Iterator[dict]:
    """The rows of rejects.csv."""
    return read(corpus / "rejects.csv", REJECTS)


def manifests(work: Path, stage: str) -> Iterator[dict]:
    """The rows that a stage wrote for all shards; none of what is not there, so that a corpus alone has a report."""
    index = work / "index" / "shards.json"
    shards = json.loads(index.read_text(encoding="utf-8"))["shards"] if index.is_file() else []
    for shard in shards:
        path = work / stage / shard / "manifest.jsonl"
        if path.is_file():
            yield from manifest.stream(path)


def number(text: str | None) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


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
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def clean(text: str) -> str:
    """A name out of a manifest as UTF-8 can hold it."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
