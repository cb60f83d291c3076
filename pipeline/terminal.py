"""What a person sees of a run: a bar per stage in hours of audio with the time left, and failures as they occur.

Replaces Snakemake's own log on the terminal, which is still written to .snakemake/log and shown by `snakemake -p`.
Without a terminal, prints a line a minute.
"""

import logging
import shutil
import sys
import threading
import time
from pathlib import Path

from tqdm import tqdm

from pipeline import manifest, registry
from pipeline.errors import ManifestError
from pipeline.rows import Reject

EVERY_SECONDS = 0.5
LINE_SECONDS = 60.0
NO_ROOM = 65_536  # bytes on a disk that count as none
FORMAT = "{desc:<10}|{bar:30}| {n:6.2f} of {total:.2f} h  {postfix}"
logger = logging.getLogger("snakemake.logging")


def hours(work: Path) -> dict[str, dict[str, float]]:
    """For every per-shard stage "done" and "total" in hours of audio, and "rejects", read from the work folder."""
    try:
        seconds = manifest.index(work)["seconds"]
    except (ManifestError, KeyError):
        return {}
    hours_of = {}
    for stage in registry.of_unit("shard"):
        done, rejects, total = 0.0, 0, sum(seconds.values())
        for shard, length in seconds.items():
            folder = work / stage / shard
            if progress := _progress(folder):
                share = progress["done"] / progress["seconds"] if progress["seconds"] else 1.0
                done, rejects = done + length * share, rejects + progress["rejects"]
            elif (folder / manifest.MANIFEST).exists():
                done += length
        hours_of[stage] = {"done": done / 3600, "total": total / 3600, "rejects": rejects}
    return hours_of


def _progress(folder: Path) -> dict | None:
    try:
        progress = manifest.read_object(folder / "progress.json")
    except (OSError, ValueError):
        return None
    return progress if progress.keys() >= {"done", "seconds", "rejects"} else None


def time_to_go(done: float, total: float, begun: float, seconds: float) -> str:
    """The time left at the pace since `begun` (hours done `seconds` ago): "2:05:10 to go"; "" where not known."""
    pace = (done - begun) / seconds if seconds > 0 else 0.0
    if pace <= 0 or done >= total:
        return ""
    return f"{tqdm.format_interval(round((total - done) / pace))} to go"


class Board(threading.Thread):
    """Draws the bars, or prints a line a minute where the stream is no terminal, until it is stopped."""

    def __init__(self, work: Path, stream):
        super().__init__(daemon=True)
        self.work, self.stream, self.stopped = work, stream, threading.Event()
        self.bars: dict[str, tqdm] = {}
        self.begun: dict[str, tuple[float, float]] = {}

    def run(self) -> None:
        while not self.stopped.wait(EVERY_SECONDS if self.stream.isatty() else LINE_SECONDS):
            self.draw()

    def draw(self) -> None:
        """Show the progress of every stage that has begun."""
        lines = []
        for stage, progress in hours(self.work).items():
            if not progress["done"]:
                continue
            begun, since = self.begun.setdefault(stage, (progress["done"], time.monotonic()))
            left = time_to_go(progress["done"], progress["total"], begun, time.monotonic() - since)
            rejects = f"{progress['rejects']} rejects  " if progress["rejects"] else ""
            lines.append(f"{stage} {progress['done']:.2f} of {progress['total']:.2f} h {left}".strip())
            if self.stream.isatty():
                bar = self.bars.get(stage) or tqdm(
                    total=progress["total"], desc=stage, file=self.stream, bar_format=FORMAT
                )
                self.bars[stage] = bar
                bar.total, bar.n = progress["total"], progress["done"]
                bar.set_postfix_str(f"{rejects}{left}")
        if lines and not self.stream.isatty():
            self.say(f"{time.strftime('%H:%M:%S')} {'; '.join(lines)}")

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        tqdm.write(text, file=self.stream)

    def stop(self) -> None:
        if not self.stopped.is_set():
            self.stopped.set()
            self.draw()
            for bar in self.bars.values():
                bar.close()


class Reporter(logging.Handler):
    """Reports what Snakemake's events mean for a person: what failed, and where to read more."""

    def __init__(self, board: Board):
        super().__init__()
        self.board = board
        self.jobs: dict[int, tuple[str, str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._tell(record)
        except Exception:  # else Snakemake would wait for its job for ever
            self.handleError(record)

    def _tell(self, record: logging.LogRecord) -> None:
        event = str(getattr(record, "event", "") or "")
        if event == "job_info":
            self.jobs[record.jobid] = record.rule_name, (record.wildcards or {}).get("shard", "")
        elif event == "job_finished" and record.job_id in self.jobs:
            stage, shard = self.jobs[record.job_id]
            for reject in failures(self.board.work / stage / shard):
                source = " ".join(reject["source"].split())
                self.board.say(f"rejected: {source}: {stage}: {reject['reason']}: {reject['message']}")
        elif event == "job_error":
            stage, shard = self.jobs.get(record.jobid, (record.rule_name, ""))
            message = last_words([Path(path) for path in record.log or []])
            self.board.say(f"failed: {f'{stage} {shard}'.strip()}: {message}")
        elif record.levelno >= logging.ERROR and not event:
            self.board.say(record.getMessage())


def failures(folder: Path) -> list[dict]:
    """The recordings that a job rejected as a whole."""
    path = folder / manifest.REJECTS
    if not path.is_file():
        return []
    return [row for row in manifest.stream(path, Reject) if row["id"] == row["recording_id"] and not row["parent_id"]]


def last_words(logs: list[Path]) -> str:
    """The last error in a job's log with the log's path, or where to look instead."""
    for path in logs:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
        if errors := [line for line in lines if line.startswith("error: ")]:
            return f"{errors[-1].removeprefix('error: ')} ({path})"
        if lines:
            return f"{lines[-1]} ({path})"
        if path.parent.is_dir() and shutil.disk_usage(path.parent).free < NO_ROOM:  # its words found none either
            return f"no room is left on the disk of {path.parent}: make room, then run again"
    return "see Snakemake's log below"


def show(workflow, work: str) -> Board | None:
    """Show the board instead of Snakemake's log, unless that is asked for (-p, --verbose); `stop` ends it."""
    settings = workflow.output_settings
    standard = [handler for handler in logger.handlers if handler.name == "DefaultStreamHandler"]
    if settings.printshellcmds or settings.verbose or not standard:
        return None
    board = Board(Path(work), sys.stderr)
    for handler in standard:
        logger.removeHandler(handler)
    logger.addHandler(Reporter(board))
    board.start()
    return board
