"""Manifests: how rows are read and written, and the check that nothing is lost between two stages.

A manifest is JSON Lines, one file per stage and shard; pipeline/rows.py defines the kinds of rows. Seconds of a
stage's input = seconds of its rows + seconds of its rejects.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from pipeline import rows as kinds
from pipeline.errors import ManifestError
from pipeline.rows import SCHEMA, Reject, Row

TOLERANCE_SECONDS = 1e-3
MANIFEST, REJECTS = "manifest.jsonl", "rejects.jsonl"


def read(path: Path, kind: type = Row) -> list[dict]:
    """The rows of a manifest, all at once; errors as of `stream`."""
    return list(stream(path, kind))


def stream(path: Path, kind: type = Row) -> Iterator[dict]:
    """The rows of a manifest, one at a time. A missing file or a row that is not of `kind` raises ManifestError."""
    for number, row in enumerate(lines(path), 1):
        yield kinds.check(row, kind, f"{path}, line {number}")


def lines(path: Path) -> Iterator[dict]:
    """The objects of a JSON Lines file, whatever their fields. Raises ManifestError where it is missing or torn."""
    if not path.is_file():
        stage = path.parents[1].name if path.parent.name.startswith("s0") else path.parent.name
        raise ManifestError(f"{path} does not exist: run the stage that writes it (snakemake -R {stage}).")
    with open(path, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ManifestError(
                    f"{path}, line {number}: expected a JSON object, found {error}: run the stage that writes it again "
                    f"(snakemake --forcerun {path})."
                ) from error
            yield row


def write(path: Path, rows: Iterable[dict], kind: type = Row) -> None:
    """Write rows beside `path`, then rename: a reader sees the old file or the new one, whole."""
    with writing(path, kind) as add:
        for row in rows:
            add(row)


@contextmanager
def writing(path: Path, kind: type = Row) -> Iterator[Callable[[dict], None]]:
    """A function that adds a row to a manifest; the file is renamed into place when the block ends without error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    numbers = count(1)

    def add(row: dict) -> None:
        kinds.check(row, kind, f"{path}, row {next(numbers)}")
        out.write(json.dumps(row, allow_nan=False) + "\n")

    try:
        with open(partial, "w", encoding="utf-8", newline="") as out:
            yield add
            out.flush()
            os.fsync(out.fileno())  # a full disk may be reported as late as here
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` beside `path`, then rename. File names that are not UTF-8 pass through unchanged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read_object(path: Path) -> dict:
    """The object in a JSON file. Raises OSError where it cannot be read, ValueError where it holds no object."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a JSON object, found {type(content).__name__}")
    return content


def shards(work: Path) -> list[str]:
    """The names of the shards that the index of a work folder has. Raises ManifestError where there is no index."""
    return index(work)["shards"]


def index(work: Path) -> dict:
    """The summary of the index: its shards, their seconds, the number of recordings."""
    path = work / "index" / "shards.json"
    try:
        summary = read_object(path)
        if isinstance(summary.get("shards"), list):
            return summary
        raise ValueError("it names no shards")
    except FileNotFoundError:
        raise ManifestError(
            f"{path} does not exist: run the index stage (snakemake -R index), or check --work."
        ) from None
    except ValueError:
        raise ManifestError(f"{path} is torn: run the index stage again (snakemake -R index).") from None


def of_shard(work: Path, stage: str, shard: str) -> Path:
    """The manifest of a stage for a shard."""
    return work / stage / shard / MANIFEST


def reject(row: dict, stage: str, reason: str, message: str, part: tuple[str, float, float] | None = None) -> Reject:
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
    """Raise ManifestError unless every input is a parent, or a reject once, and its seconds add up.

    Facts (rows without seconds) account for the input of their own id as a whole.
    """
    used, whole = defaultdict(float), defaultdict(int)
    lengths = {row["id"]: row["end"] - row["start"] for row in inputs}
    parents = {row.get("parent_id", row["id"]) for row in rows}
    for row in rows:
        used[row.get("parent_id", row["id"])] += row["end"] - row["start"] if "start" in row else lengths[row["id"]]
    for row in rejects:
        used[row["parent_id"] or row["id"]] += row["end"] - row["start"]
        whole[row["id"]] += row["parent_id"] is None
    for row in inputs:
        if (row["id"] in parents) + whole[row["id"]] != 1:
            raise ManifestError(
                f"{row['id']} ({row['source']}) is not accounted for: expected as a parent or once as a reject."
            )
        if abs(used[row["id"]] - lengths[row["id"]]) > TOLERANCE_SECONDS:
            raise ManifestError(
                f"{row['id']} ({row['source']}): kept and rejected seconds are {used[row['id']]:.3f}, "
                f"expected {lengths[row['id']]:.3f}."
            )
