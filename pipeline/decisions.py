"""What people decided after listening: a folder of theirs with one JSON Lines file a person, only ever appended to.

A decision names its places by the recording's SHA-256 and seconds, so it outlives every work folder. To undo one is a
line of its own. Of several decisions on one place the latest counts. A torn or foreign line is told and passed over;
nothing here deletes or rewrites a line.
"""

import codecs
import fcntl
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from pipeline.decision import Decision, Places
from pipeline.errors import ConfigError

SEEN = "VOXSIEVE_DECISIONS"  # environment of a job: `sizes` when the run began, so that all its jobs see the same


def file_of(folder: Path, who: str) -> Path:
    """A person's file: their name where it serves as a file's name, else its letters and a digest."""
    plain = re.sub(r"[^a-z0-9]+", "-", who.lower()).strip("-")[:40]
    mark = "" if plain == who else f"_{hashlib.sha256(who.encode()).hexdigest()[:8]}"
    return folder / f"{plain}{mark}.jsonl"


def sizes(folder: Path) -> dict[str, int]:
    """The bytes of everyone's file, by name."""
    return {path.name: path.stat().st_size for path in sorted(folder.glob("*.jsonl"))}


def read(folder: Path, seen: Mapping[str, int] | None = None) -> tuple[list[Decision], list[str]]:
    """All lines of all people, earliest first, and a sentence for every line that is none of a decision.

    seen: how much of each file counts, which are only ever appended to; by default what SEEN says, else everything.
    """
    if seen is None and SEEN in os.environ:
        seen = json.loads(os.environ[SEEN])
    lines, faults = [], []
    for path in sorted(folder.glob("*.jsonl")):
        told, wrong = _parsed(path.read_bytes()[: None if seen is None else seen.get(path.name, 0)], path)
        lines += told
        faults += wrong
    return sorted(lines, key=lambda line: line.when), faults


def _parsed(data: bytes, path: Path) -> tuple[list[Decision], list[str]]:
    lines, faults = [], []
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), 1):
        if line.strip():
            try:
                lines.append(Decision.model_validate_json(line))
            except ValidationError as error:
                faults.append(f"{path}, line {number} is passed over: {_fault(error)}. All other lines count.")
    return lines, faults


def _fault(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the line'}: {first['msg'].removeprefix('Value error, ')}"


def active(lines: Iterable[Decision]) -> list[Decision]:
    """The decisions that hold, earliest first: without what was undone. An undo may be undone in its turn."""
    undone, holding = set(), []
    for line in reversed(list(lines)):
        if line.id in undone:
            continue
        if line.kind == "undo":
            undone.add(line.undoes)
        else:
            holding.append(line)
    return holding[::-1]


def of(folder: Path) -> list[Decision]:
    """The decisions that hold in a folder, earliest first; none where there is no such folder."""
    return active(read(folder)[0])


def digest(holding: Iterable[Decision], kinds: Iterable[str]) -> str:
    """A digest of the decisions of some kinds; it changes only where what they say does."""
    kinds = set(kinds)
    told = [line.model_dump(include={"kind", "places", "value", "times"}) for line in holding if line.kind in kinds]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def add(
    folder: Path,
    who: str,
    kind: str,
    places: Places | None = None,
    value: str = "",
    times: Iterable[float] = (),
    name: str = "",
) -> Decision:
    """Append a decision and return it once the drive has it. name: its id; one that is there is not written twice.

    Raises ConfigError where it is none that a file may hold.
    """
    with _held(folder, who) as (out, lines):
        if repeated := [line for line in lines if line.id == name]:
            return repeated[0]
        fields = {"kind": kind, "places": places or {}, "value": value, "times": list(times)}
        return _write(out, lines, {"id": name or uuid.uuid4().hex, "who": who} | fields)


def undo(folder: Path, who: str, name: str = "") -> Decision | None:
    """Take back the latest decision of a person that holds; return it, None where there is none left.

    name: the id of the line that is written; where it is there already, what it took back is returned.
    """
    with _held(folder, who) as (out, lines):
        for line in lines:
            if name and line.id == name:
                return next((other for other in lines if other.id == line.undoes), None)
        if not (holding := active(lines)):
            return None
        _write(out, lines, {"id": name or uuid.uuid4().hex, "who": who, "kind": "undo", "undoes": holding[-1].id})
        return holding[-1]


@contextmanager
def _held(folder: Path, who: str) -> Iterator[tuple[BinaryIO, list[Decision]]]:
    """A person's file, held by this process alone, and its lines."""
    if not who.strip():
        raise ConfigError("decisions: a decision needs the name of who makes it (--who).")
    try:
        who.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"decisions: {who!r} is not in UTF-8: give another name.") from None
    folder.mkdir(parents=True, exist_ok=True)
    path = file_of(folder, who)
    with open(path, "a+b") as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        out.seek(0)
        data = out.read()
        if data and not data.endswith(b"\n"):
            out.write(b"\n")  # the line before was torn: it is left as it is, the next one stands by itself
        yield out, _parsed(data, path)[0]


def _write(out: BinaryIO, lines: list[Decision], fields: dict) -> Decision:
    now = datetime.now(UTC).replace(tzinfo=None)
    if lines:  # in order also where the clock was set back
        now = max(now, datetime.fromisoformat(lines[-1].when.removesuffix("Z")) + timedelta(microseconds=1))
    try:
        line = Decision.model_validate(fields | {"when": f"{now.isoformat(timespec='microseconds')}Z"})
    except ValidationError as error:
        raise ConfigError(f"decisions: {_fault(error)}.") from None
    out.write(line.model_dump_json(exclude_defaults=True).encode() + b"\n")
    out.flush()
    os.fsync(out.fileno())
    return line
