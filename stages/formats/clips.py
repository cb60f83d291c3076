"""The clips of a corpus as every layout reads them: a row at a time, with types, provenance, text and split."""

import wave
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from pipeline import corpus, tables, texts
from pipeline.errors import ManifestError
from stages.formats import splits
from stages.formats.parting import Parting
from stages.formats.passages import MICROS
from stages.formats.splits import NAMES, NONE, Given, Places, Shares

NEEDED = ("clip", "path", "recording", "source", "sha256", "start", "end")  # by every layout
PROVENANCE = ("url", "licence")  # empty where clips.csv does not tell them
TEXTS = ("text", "text_normalized")
SHARD_BYTES = 500_000_000  # of audio in one file of a layout that packs it


@dataclass(frozen=True)
class Clips:
    """The clips of a corpus folder, and how they are split."""

    corpus: Path
    shares: Shares
    parting: Parting = Parting()

    @cached_property
    def columns(self) -> dict[str, type]:
        """Every column of a row and its type (int, float or str); TEXTS where a clip has one."""
        kinds = dict(self._kinds) | {name: str for name in PROVENANCE}
        if self.texts:
            kinds |= dict.fromkeys(TEXTS, str)
        return kinds | {"split": str}

    @cached_property
    def texts(self) -> dict[str, tuple[str, str]]:
        """clip -> (text, normalized text) of those that have one."""
        return texts.of_clips(self.corpus)

    @cached_property
    def divided(self) -> Given:
        """The split of every passage: those that splits.csv tells, and those that are drawn now."""
        given = splits.read(self.corpus / splits.FILE, self.shares)
        return splits.divide(self._places[0], self.shares, given)

    @cached_property
    def splits(self) -> dict[str, int]:
        """The splits that have clips, in the order train, validation, test, and how many."""
        return {name: count for name in NAMES if (count := self.count(name))}

    def count(self, split: str) -> int:
        """How many clips a split has."""
        return int(np.count_nonzero(self._split == (*NAMES, NONE).index(split)))

    def rows(self, *wanted: str) -> Iterator[dict]:
        """The clips of these splits (of all three, if none is named), in the order of clips.csv.

        A missing number is None, a missing text "".
        """
        names = (*NAMES, NONE)
        kept = np.isin(self._split, [names.index(name) for name in wanted or NAMES])
        begun = 0
        for frame in tables.chunks(self.corpus / corpus.CLIPS, self._kinds):
            here = slice(begun, begun + len(frame))
            begun += len(frame)
            for row, split in zip(tables.records(frame[kept[here]]), self._split[here][kept[here]], strict=True):
                said = dict(zip(TEXTS, self.texts.get(row["clip"], ("", "")), strict=True)) if self.texts else {}
                voice = {"speaker": self.part(row)} if self.parting.as_speakers and "speaker" in row else {}
                yield dict.fromkeys(PROVENANCE, "") | row | voice | said | {"split": names[split]}

    def part(self, row: dict) -> str:
        """The part of the corpus that a clip of `rows` belongs to: its speaker, or its speaker in its tone."""
        return self._parts.get((row["speaker"], row.get("tone", "")), row["speaker"])

    def check(self, needed: Iterable[str], layout: str) -> None:
        """Raise ManifestError where clips.csv lacks a column that a layout needs."""
        if absent := [name for name in needed if name not in self._kinds]:
            raise ManifestError(
                f"{self.corpus / corpus.CLIPS} has no column {', '.join(absent)}, which the layout {layout} needs: "
                "export it again."
            )

    def wav(self, row: dict) -> Path:
        """The clip's file in the corpus."""
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
    def _kinds(self) -> dict[str, type]:
        """The columns of clips.csv."""
        return tables.kinds_of(self.corpus / corpus.CLIPS, NEEDED)

    @cached_property
    def _parts(self) -> dict[tuple[str, str], str]:
        """(speaker, tone) -> what that part of the corpus is called."""
        if "tone" not in self._kinds or "speaker" not in self._kinds:
            return {}
        kinds = {name: self._kinds[name] for name in ("speaker", "tone", "start", "end")}
        return self.parting.names(tables.rows(self.corpus / corpus.CLIPS, kinds))

    @cached_property
    def _places(self) -> tuple[Places, dict[str, np.ndarray]]:
        """The places of every recording's clips, and their numbers in clips.csv."""
        columns = {name: self._kinds[name] for name in ("sha256", "start", "end")}
        recordings: dict[str, int] = {}
        number, place = [np.zeros(0, int)], [np.zeros((0, 2), np.int64)]
        for frame in tables.chunks(self.corpus / corpus.CLIPS, columns):
            number.append(np.array([recordings.setdefault(sha256, len(recordings)) for sha256 in frame["sha256"]], int))
            place.append(np.rint(frame[["start", "end"]].to_numpy(float) * MICROS).astype(np.int64))
        of_recording, places = np.concatenate(number), np.concatenate(place)
        order = np.argsort(of_recording, kind="stable")
        bounds = np.cumsum(np.bincount(of_recording, minlength=len(recordings)))[:-1]
        rows = dict(zip(recordings, np.split(order, bounds), strict=True)) if recordings else {}
        return {sha256: places[numbers] for sha256, numbers in rows.items()}, rows

    @cached_property
    def _split(self) -> np.ndarray:
        """The split of every row of clips.csv, as its number among NAMES and NONE."""
        places, rows = self._places
        split = np.zeros(sum(map(len, rows.values())), np.int8)
        names = {name: number for number, name in enumerate((*NAMES, NONE))}
        for sha256, of_clips in splits.of_clips(places, self.divided).items():
            split[rows[sha256]] = [names[name] for name in of_clips]
        return split

    def _missing(self, row: dict) -> ManifestError:
        return ManifestError(
            f"{row['clip']}: clips.csv expects {self.wav(row)}, found no such file: run the export stage again."
        )


def record(row: dict) -> dict:
    """What a layout's own record tells of a clip: all but its path, and texts only where it has one."""
    return {name: value for name, value in row.items() if name != "path" and (value != "" or name not in TEXTS)}


def text_of(row: dict) -> str:
    """The clip's text as it was written, or normalized where that alone is known; "" where it has none."""
    return row.get("text") or row.get("text_normalized", "")


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
