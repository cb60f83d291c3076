"""The loop that every per-shard stage runs: one recording at a time, resumable, nothing lost.

A recording ends as rows, as rejects, or failed (its rows become rejects with the failure's reason). What a
recording gave is written to `partial/<recording>.json` by rename, so a job that was cut off takes up where it was;
the shard's manifest and rejects are written last and `partial/` is removed.
"""

import errno
import fcntl
import hashlib
import json
import logging
import shutil
import sys
from collections.abc import Callable
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from pathlib import Path

from pipeline import manifest
from pipeline.errors import Reject, VoxsieveError

log = logging.getLogger("voxsieve")
Outcome = tuple[list[dict], list[dict]]


def run_shard(
    stage: str,
    inputs: list[dict],
    out: Path,
    process: Callable[[list[dict]], Outcome],
    settings: dict,
    max_failed_fraction: float,
) -> None:
    """Run `process` on the rows of each recording and write out/manifest.jsonl and out/rejects.jsonl.

    `out` is work/<stage>/<shard>.

    `process(rows)` gives (rows, rejects) for the rows of one recording, in any mixture that accounts for each of
    them. It raises Reject for a recording that cannot be used. A VoxsieveError, a full disk or no memory stops
    the job. So do failed recordings, more than the fraction
    `max_failed_fraction` of all that the index has.
    """
    out.mkdir(parents=True, exist_ok=True)
    with alone(out):
        rows, rejects, failed, total = [], [], [], 0
        for recording_id, group in groupby(inputs, key=lambda row: row["recording_id"]):
            group = list(group)
            total += 1
            key = _key(stage, settings, group)
            partial = out / "partial" / f"{recording_id}.json"
            outcome = _finished(partial, key)
            if outcome is None:
                outcome = _attempt(stage, group, process) | {"key": key}
                manifest.write_text(partial, json.dumps(outcome))
            manifest.check_complete(group, outcome["rows"], outcome["rejects"])
            log.info("%s %s: %d rows, %d rejects", stage, recording_id, *map(len, _both(outcome)))
            rows += outcome["rows"]
            rejects += outcome["rejects"]
            failed += outcome["rejects"][:1] if outcome["failed"] else []
        check_failures(stage, failed, max(total, _recordings(out)), max_failed_fraction)
        manifest.write(out / "rejects.jsonl", rejects, manifest.REJECT)
        manifest.write(out / "manifest.jsonl", rows)
        shutil.rmtree(out / "partial", ignore_errors=True)


def check_failures(stage: str, failed: list[dict], total: int, limit: float) -> None:
    """Raise VoxsieveError where the rejects of `failed` recordings are more than the fraction `limit` of `total`."""
    if total and len(failed) / total > limit:
        last = failed[-1]
        source = " ".join(last["source"].split())
        raise VoxsieveError(
            f"{stage}: {len(failed)} of {total} recordings failed, more than max_failed_fraction {limit:g} allows: "
            f"mend or remove them, or raise the limit. The last: {source}: {last['message']}"
        )


def _recordings(out: Path) -> int:
    """How many recordings the index has in all: a shard of one that fails is no failure of the stage."""
    summary = out.parent.parent / "index" / "shards.json"
    return json.loads(summary.read_text(encoding="utf-8"))["recordings"] if summary.is_file() else 0


def _attempt(stage: str, group: list[dict], process: Callable[[list[dict]], Outcome]) -> dict:
    """One recording's outcome. The only broad `except` of the project stands here."""
    try:
        rows, rejects = process(group)
        return {"rows": rows, "rejects": rejects, "failed": False}
    except Reject as drop:
        reason, message = drop.reason, drop.message
    except (VoxsieveError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise VoxsieveError(f"{stage}: cannot write ({error}): make room, then run again.") from error
        log.exception("%s %s", stage, group[0]["recording_id"])
        reason, message = "error", f"{type(error).__name__}: {error}"
    rejects = [manifest.reject(row, stage, reason, message) for row in group]
    return {"rows": [], "rejects": rejects, "failed": True}


def _finished(partial: Path, key: str) -> dict | None:
    """What an interrupted job had finished for this recording with the same settings, code and input."""
    try:
        outcome = json.loads(partial.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return outcome if outcome["key"] == key else None


def _key(stage: str, settings: dict, group: list[dict]) -> str:
    text = json.dumps([stage, settings, group, _code()], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _code() -> str:
    """Digest of the project's own code, so that work done by other code is not taken up."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted([*root.glob("pipeline/*.py"), *root.glob("stages/**/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _both(outcome: dict) -> Outcome:
    return outcome["rows"], outcome["rejects"]


@contextmanager
def alone(out: Path, name: str = ".lock"):
    """Hold a folder. After `kill -9` of snakemake its jobs go on: the next one waits for them here."""
    out.mkdir(parents=True, exist_ok=True)
    with open(out / name, "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another job that works in {out}", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
