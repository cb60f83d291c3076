"""corpus/clips.csv as every export reads it: a row at a time, with types, its split and its provenance."""

import csv
import re
import wave
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.errors import ManifestError
from stages.formats.splits import NAMES, Splits

NEEDED = ("clip", "path", "recording", "source", "start", "end", "duration", "speaker", "sample_rate")
PROVENANCE = ("url", "licence")  # empty where clips.csv does not tell them
# Columns that stay text even where every value happens to look like a number.
TEXT = frozenset("clip path recording source label speaker url licence page title uploader published split".split())
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")  # fits 64 bits; 007 is a name
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
SHARD_BYTES = 500_000_000  # of audio in one file of an export that packs it


@dataclass(frozen=True)
class Clips:
    """The clips of a corpus folder, and how its recordings are split."""

    corpus: Path
    splitting: Splits

    @property
    def columns(self) -> dict[str, type]:
        """Every column of a row and its type: int, float or str."""
        return self._survey[0]

    @property
    def splits(self) -> dict[str, int]:
        """The splits that have clips, in the order train, validation, test, and how many."""
        return self._survey[1]

    def rows(self, split: str | None = None) -> Iterator[dict]:
        """The rows of a split or of all, in the order of clips.csv; a missing number is None, a missing text ""."""
        columns = self.columns
        for row in self._texts():
            if split in (None, row["split"]):
                yield {name: _typed(row[name], kind) for name, kind in columns.items()}

    def wav(self, row: dict) -> Path:
        """The clip's file in corpus/wavs."""
        return self.corpus / row["path"]

    def size(self, row: dict) -> int:
        """Bytes of the clip's file."""
        try:
            return self.wav(row).stat().st_size
        except FileNotFoundError:
            raise self._missing(row) from None

    def samples(self, row: dict) -> int:
        """Samples of the clip's file, by its header: clips.csv has its duration rounded."""
        try:
            with wave.open(str(self.wav(row))) as sound:
                return sound.getnframes()
        except FileNotFoundError:
            raise self._missing(row) from None

    @cached_property
    def _survey(self) -> tuple[dict[str, type], dict[str, int]]:
        """Types and counts, in one pass. A column is a number where all that is in it is one."""
        kinds: dict[str, type | None] = dict.fromkeys(self._fields)
        counts = dict.fromkeys(NAMES, 0)
        for row in self._texts():
            counts[row["split"]] += 1
            for name, text in row.items():
                if text and kinds[name] is not str:
                    kinds[name] = _wider(kinds[name], text)
        columns = {name: str if name in TEXT else kind or str for name, kind in kinds.items()}
        return columns, {name: count for name, count in counts.items() if count}

    @cached_property
    def _fields(self) -> list[str]:
        """The header of clips.csv, and what it lacks of PROVENANCE and the split."""
        header = next(self._records())
        return header + [name for name in (*PROVENANCE, "split") if name not in header]

    def _texts(self) -> Iterator[dict[str, str]]:
        """Rows as text, with all of `_fields`."""
        records = self._records()
        header = next(records)
        blank = dict.fromkeys(self._fields, "")
        for number, cells in enumerate(records, 1):
            if len(cells) != len(header):
                raise ManifestError(
                    f"{self.corpus / 'clips.csv'}, clip {number}: expected {len(header)} columns, found {len(cells)}: "
                    "run the export stage again."
                )
            row = blank | dict(zip(header, cells, strict=True))
            yield row | {"split": self.splitting.of(row["source"])}

    def _records(self) -> Iterator[list[str]]:
        """The header, then the cells of every row. What is not UTF-8 in a file's name becomes U+FFFD."""
        path = self.corpus / "clips.csv"
        if not path.is_file():
            raise ManifestError(f"{path} does not exist: run the export stage, or check --corpus.")
        with open(path, encoding="utf-8", errors="replace", newline="") as lines:
            records = csv.reader(lines)
            header = next(records, [])
            if absent := [name for name in NEEDED if name not in header]:
                raise ManifestError(f"{path}: expected the columns {', '.join(NEEDED)}, found no {', '.join(absent)}.")
            yield header
            yield from records

    def _missing(self, row: dict) -> ManifestError:
        return ManifestError(
            f"{row['clip']}: clips.csv expects {self.wav(row)}, found no such file: run the export stage again."
        )


def batches(rows: Iterable[dict], size: Callable[[dict], int], limit: int) -> Iterator[list[dict]]:
    """Neighbouring rows whose sizes come to `limit` at most, a larger row by itself."""
    batch, filled = [], 0
    for row in rows:
        more = size(row)
        if batch and filled + more > limit:
            yield batch
            batch, filled = [], 0
        batch.append(row)
        filled += more
    if batch:
        yield batch


def write_csv(path: Path, fields: Iterable[str], rows: Iterable[dict]) -> None:
    """Rows as CSV with a header, streamed."""
    with open(path, "w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, fields, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def _wider(kind: type | None, text: str) -> type:
    """The narrowest type that holds what came before and `text`."""
    if kind is not float and INTEGER.fullmatch(text):
        return int
    return float if NUMBER.fullmatch(text) else str


def _typed(text: str, kind: type) -> str | int | float | None:
    return text if kind is str else kind(text) if text else None
