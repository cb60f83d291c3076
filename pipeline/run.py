"""The loop that every per-shard stage runs: one recording at a time, resumable, nothing lost.

A recording ends as rows, as rejects, or failed (its rows become rejects with the failure's reason). Its outcome is
written to `partial/<recording>.json` by rename, so an interrupted job resumes where it was; the shard's rejects and
manifest are written last, and `partial/` is removed. Failures are not kept there: they are tried again.
"""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any

from pipeline import code, manifest, rows, verdict, vouch
from pipeline.errors import ManifestError, Reject, VoxsieveError
from pipeline.program import Job

log = logging.getLogger("voxsieve")
Outcome = tuple[list[dict], list[dict]]
RECORDING = re.compile(r"r\d{6,}")
FAILED = "failed.json"  # beside a shard's manifest: how many of its recordings failed, and how the last one did


def run_shard(
    job: Job, inputs: list[dict], process: Callable[[list[dict]], Outcome], kind: type, beside: Mapping[str, Any] = {}
) -> None:
    """Run `process` on the rows of each recording; write the shard's manifest, of rows of `kind`, and its rejects.

    beside: recording -> what decides its result besides its rows, as JSON has it.

    `process(rows)` gives (rows, rejects) for the rows of one recording, in any mixture that accounts for each of them.
    It raises Reject for a recording that cannot be used. The job stops where the machine is at fault, or where more
    recordings failed than the fraction max_failed_fraction of the shard's, or of all that the index has.
    """
    job.out.mkdir(parents=True, exist_ok=True)
    with vouch.alone(job.out):
        for leftover in job.out.rglob("*.partial*"):
            leftover.unlink()
        kept, rejects, failed = [], [], []
        groups = [list(group) for _, group in groupby(inputs, key=lambda row: row["recording_id"])]
        progress = Progress(job, sum(row["end"] - row["start"] for row in inputs))
        for group in groups:
            outcome = _outcome(job, group, process, beside.get(group[0]["recording_id"]))
            manifest.check_complete(group, outcome["rows"], outcome["rejects"])
            counts = len(outcome["rows"]), len(outcome["rejects"])
            log.info("%s %s: %d rows, %d rejects", job.stage, group[0]["recording_id"], *counts)
            kept += outcome["rows"]
            rejects += outcome["rejects"]
            failed += outcome["failed"]
            progress.add(group, len(outcome["rejects"]))
        check_failures(job, failed, len(groups))
        _forget_others(job.out, {row["recording_id"] for row in inputs})
        shutil.rmtree(job.out / "partial", ignore_errors=True)
        manifest.write(job.out / manifest.REJECTS, rejects, rows.Reject)
        manifest.write(job.out / manifest.MANIFEST, kept, kind)
        progress.end()


def _forget_others(out: Path, recordings: set[str]) -> None:
    """Delete what was written for recordings that are no longer in this shard."""
    for path in out.iterdir():
        if (name := RECORDING.match(path.name)) and name[0] not in recordings:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _outcome(job: Job, group: list[dict], process: Callable[[list[dict]], Outcome], beside: Any) -> dict[str, list]:
    """{"rows", "rejects", "failed"} of one recording, from an interrupted job where that had finished it."""
    recording = group[0]["recording_id"]
    partial, key = job.out / "partial" / f"{recording}.json", _key(job, group, beside)
    if finished := _finished(partial, key):
        return finished
    files = {job.work / row[name] for row in group for name in ("path", "vocals", "mixture") if row.get(name)}
    try:
        kept, rejects = verdict.reached(lambda: process(group), files, job.out, f"{job.stage} {recording}")
    except Reject as drop:
        rejects = [manifest.reject(row, job.stage, drop.reason, drop.message) for row in group]
        return {"rows": [], "rejects": rejects, "failed": rejects[:1]}
    outcome = {"rows": kept, "rejects": rejects, "failed": []}
    manifest.write_text(partial, json.dumps(outcome | {"key": key}))
    return outcome


def per_clip(
    job: Job, clips: list[dict], work: Callable[[dict], Any], threads: int
) -> tuple[list[tuple[dict, Any]], list[dict]]:
    """(clip, result of `work`) for every clip, and rejects for those that fail: one torn clip costs one clip.

    `threads` clips are worked on at a time.
    """

    def attempt(clip: dict) -> Any:
        path = job.work / clip["path"]
        try:
            return verdict.reached(lambda: work(clip), [path], job.out, f"{job.stage} {clip['id']}")
        except Reject as drop:
            return drop

    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(attempt, clips))
    pairs = list(zip(clips, answers, strict=True))
    rejects = [
        manifest.reject(clip, job.stage, drop.reason, drop.message) for clip, drop in pairs if isinstance(drop, Reject)
    ]
    return [(clip, answer) for clip, answer in pairs if not isinstance(answer, Reject)], rejects


def check_failures(job: Job, failed: list[dict], total: int) -> None:
    """Raise VoxsieveError where too many recordings failed: of this shard's `total`, or of all that there are.

    A shard of one or two recordings is judged only together with all others: one broken recording may be half of it.
    Where all together are too many, shards that were passed before with failures are taken back: the next run tries
    them again.
    """
    limit = job.settings.max_failed_fraction
    summary = {"count": len(failed), "source": failed[-1]["source"], "message": failed[-1]["message"]} if failed else {}
    manifest.write_text(job.out / FAILED, json.dumps(summary))
    if not failed:
        return
    with_failures = [path for path in (job.work / job.stage).glob(f"*/{FAILED}") if _failures(path)]
    try:
        everywhere = sum(_failures(path) for path in with_failures)
        judge(job.stage, everywhere, _recordings(job.work, total), limit, summary)
    except VoxsieveError:
        for path in with_failures:
            path.with_name(manifest.MANIFEST).unlink(missing_ok=True)
        raise
    if total > 2:
        judge(f"{job.stage}, {job.shard}", len(failed), total, limit, summary)


def judge(where: str, failed: int, total: int, limit: float, last: dict) -> None:
    """Raise VoxsieveError where `failed` of `total` recordings are more than the fraction `limit`."""
    if total and failed / total > limit:
        raise VoxsieveError(
            f"{where}: {failed} of {total} recordings failed, more than max_failed_fraction {limit:g} allows: repair "
            f"or remove them, or raise the limit. The last: {' '.join(last['source'].split())}: {last['message']}"
        )


def _failures(path: Path) -> int:
    try:
        return manifest.read_object(path).get("count", 0)
    except (OSError, ValueError):
        return 0


def _recordings(work: Path, least: int) -> int:
    """How many recordings the index has in all."""
    try:
        return manifest.index(work)["recordings"]
    except (ManifestError, KeyError):
        return least


def _finished(partial: Path, key: str) -> dict | None:
    """What an interrupted job had finished for this recording with the same settings, code and input."""
    try:
        outcome = manifest.read_object(partial)
    except (FileNotFoundError, ValueError):
        return None
    return outcome if outcome.pop("key", None) == key else None


def _key(job: Job, group: list[dict], beside: Any) -> str:
    text = json.dumps([job.stage, job.deciding, group, beside, code.digest(job.stage)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Progress:
    """A job's progress, in a file that the terminal reads; it is removed when the job has succeeded."""

    def __init__(self, job: Job, seconds: float):
        self.path = job.out / "progress.json"
        self.state = {"done": 0.0, "seconds": seconds, "rejects": 0}
        self.add([], 0)

    def add(self, group: Iterable[dict], rejects: int) -> None:
        self.state["done"] += sum(row["end"] - row["start"] for row in group)
        self.state["rejects"] += rejects
        manifest.write_text(self.path, json.dumps(self.state))

    def end(self) -> None:
        self.path.unlink(missing_ok=True)
