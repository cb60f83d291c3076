"""The manifest contract: what a row is, and how rows are read, checked and written.

A manifest is JSON Lines, one per stage and shard. Every row has the fields of `ROW`; a stage adds its own.
Times are seconds in the source recording, at every stage. Paths are relative to the work folder.
Rejects have the fields of `REJECT`. Input seconds = seconds of rows + seconds of rejects, at every stage.
"""

import json
import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from pipeline.errors import ManifestError

SCHEMA = 1
ROW = {
    "schema": int,
    "id": str,
    "recording_id": str,
    "parent_id": (str, type(None)),  # None for a recording: its parent is the source itself
    "source": str,  # the recording's path relative to `input`
    "path": str,
    "start": float,
    "end": float,
    "sample_rate": int,
    "channels": int,
    "duration": float,
}
REJECT = {
    "schema": int,
    "id": str,
    "stage": str,
    "reason": str,
    "message": str,
    "recording_id": str,
    "parent_id": (str, type(None)),  # the input row that this is a part of; None where it is the whole row
    "source": str,
    "start": float,
    "end": float,
}
TOLERANCE_SECONDS = 1e-3


def read(path: Path, fields: dict = ROW) -> list[dict]:
    """The rows of a manifest, all at once; errors as of `stream`."""
    return list(stream(path, fields))


def stream(path: Path, fields: dict = ROW) -> Iterator[dict]:
    """The rows of a manifest, one at a time. A missing file or a row that does not fit raises ManifestError."""
    for number, row in enumerate(lines(path), 1):
        check(row, fields, f"{path}, line {number}")
        yield row


def lines(path: Path) -> Iterator[dict]:
    """The objects of a JSON Lines file, whatever their fields. Raises ManifestError where it is missing or torn."""
    if not path.is_file():
        raise ManifestError(f"{path} does not exist: run the stage that writes it, or check --manifest.")
    with open(path, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ManifestError(f"{path}, line {number}: expected a JSON object, found {error}.") from error


def write(path: Path, rows: Iterable[dict], fields: dict = ROW) -> None:
    """Write rows beside `path`, then rename: a reader sees the old file or the new one, whole."""
    with writing(path, fields) as add:
        for row in rows:
            add(row)


@contextmanager
def writing(path: Path, fields: dict = ROW) -> Iterator[Callable[[dict], None]]:
    """A function that adds a row to a manifest, which takes its place when the block ends without error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    numbers = count(1)

    def add(row: dict) -> None:
        check(row, fields, f"{path}, row {next(numbers)}")
        out.write(json.dumps(row, allow_nan=False) + "\n")

    try:
        with open(partial, "w", encoding="utf-8", newline="") as out:
            yield add
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` beside `path`, then rename. File names that are not UTF-8 pass through unchanged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
    os.replace(partial, path)


def check(row: dict, fields: dict, where: str) -> None:
    """Raise ManifestError where `row` does not fit: names the place, the field, expected and found."""
    if not isinstance(row, dict):
        raise ManifestError(f"{where}: expected an object, found {type(row).__name__}.")
    for name, kind in fields.items():
        if name not in row:
            raise ManifestError(f"{where}: field '{name}' is missing.")
        value = row[name]
        if kind is float:
            good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        else:
            good = isinstance(value, kind) and not isinstance(value, bool)
        if not good:
            wanted = getattr(kind, "__name__", "text or null")
            raise ManifestError(f"{where}: field '{name}' expected {wanted}, found {value!r}.")
    if row["schema"] != SCHEMA:
        raise ManifestError(f"{where}: field 'schema' expected {SCHEMA}, found {row['schema']}.")
    if not 0 <= row["start"] <= row["end"]:
        raise ManifestError(
            f"{where}: id {row['id']} expected 0 <= start <= end, found {row['start']} and {row['end']}."
        )


def shards(work: Path) -> list[str]:
    """The names of the shards that the index of a work folder has. Raises ManifestError where there is no index."""
    path = work / "index" / "shards.json"
    if not path.is_file():
        raise ManifestError(f"{path} does not exist: run the index stage, or check --work.")
    return json.loads(path.read_text(encoding="utf-8"))["shards"]


def reject(
    row: dict,
    stage: str,
    reason: str,
    message: str,
    part: tuple[str, float, float] | None = None,
) -> dict:
    """The reject of a whole row, or of a `part` of it: (id, start, end)."""
    name, start, end = part or (row["id"], row["start"], row["end"])
    return {
        "schema": SCHEMA,
        "id": name,
        "stage": stage,
        "reason": reason,
        "message": " ".join(message.split()),
        "recording_id": row["recording_id"],
        "parent_id": row["id"] if part else None,
        "source": row["source"],
        "start": start,
        "end": end,
    }


def check_complete(inputs: list[dict], rows: list[dict], rejects: list[dict]) -> None:
    """Raise ManifestError unless every input stands as a parent or once as a reject, and its seconds add up."""
    used, whole = defaultdict(float), defaultdict(int)
    parents = {row["parent_id"] for row in rows}
    for row in rows:
        used[row["parent_id"]] += row["end"] - row["start"]
    for row in rejects:
        used[row["parent_id"] or row["id"]] += row["end"] - row["start"]
        whole[row["id"]] += row["parent_id"] is None
    for row in inputs:
        if (row["id"] in parents) + whole[row["id"]] != 1:
            raise ManifestError(
                f"{row['id']} ({row['source']}) is not accounted for: expected as a parent or once as a reject."
            )
        seconds = row["end"] - row["start"]
        if abs(used[row["id"]] - seconds) > TOLERANCE_SECONDS:
            raise ManifestError(
                f"{row['id']} ({row['source']}): kept and rejected seconds are {used[row['id']]:.3f}, "
                f"expected {seconds:.3f}."
            )
