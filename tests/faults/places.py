"""Where rounds of faults happen: a small input, a work folder and a corpus on a disk that can be filled."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml

from pipeline import code, registry
from tests.conftest import ROOT
from tests.dag.runs import command, contents

DISK_MB = 64
SECONDS = "seconds"  # file beside the copy of an undisturbed run: how long it took
VARIANTS = {
    "plain": {},
    "padding": {"slice": {"padding_seconds": 0.06}},
    "louder": {"normalize": {"target_lufs": -20}},
    "all voices": {"speaker": {"voices": 0}},
    "layout": {"exports": ["ljspeech"]},
    "filters": {"filters": {"snr_db": {"min": 5}}},
}


class Place:
    """Folders for one round after another: input, a disk with work and corpus, and Snakemake's records in `here`.

    The disk is a tmpfs where this user may mount one, so that it can be full; else a folder. In a folder that is kept,
    undisturbed runs are taken from where the same code has made them before.
    """

    def __init__(self, folder: Path, talk: Path):
        made_by = " ".join(code.digest(stage) for stage in registry.stages())
        self.undisturbed = folder / f"undisturbed-{hashlib.sha256(made_by.encode()).hexdigest()[:16]}"
        self.disk, self.input, self.here = folder / "disk", folder / "input", folder / "here"
        self.away = folder / "away"  # where the input is while it is detached
        self.corpus, self.work = self.disk / "corpus", self.disk / "work"
        if self.away.is_dir():  # a round in this folder was ended while it was
            self.away.rename(self.input)
        for path in (self.disk, self.input, self.here):
            path.mkdir(parents=True, exist_ok=True)
        if not (self.input / talk.name).is_file():
            shutil.copy2(talk, self.input)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(self.disk)]
        self.can_fill = subprocess.run(mount, capture_output=True).returncode == 0
        self.seconds = 0.0  # that the run of this round takes where nothing disturbs it
        self.groups: list[int] = []

    def close(self) -> None:
        self.end_all()
        if self.can_fill:
            subprocess.run(["umount", "-l", str(self.disk)], check=True)

    def end_all(self) -> None:
        """End whatever the runs of this round have left: what they started is in their own process groups."""
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.groups = []

    def clear(self) -> None:
        """As before the first run. The input stays the same file, by which a run knows it."""
        self.end_all()
        for path in (self.here, *self.disk.iterdir()):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        self.here.mkdir()

    def restore(self, *variants: str) -> None:
        """As after undisturbed runs of variants, one after the other."""
        copy = self.finished(*variants)
        self.clear()
        for path in (self.here, self.disk):
            subprocess.run(["cp", "-a", f"{copy / path.name}/.", str(path)], check=True)

    def finished(self, *variants: str) -> Path:
        """A copy of everything after undisturbed runs of variants, one after the other, made once."""
        copy = self.undisturbed / ", ".join(variants)
        if not (copy / SECONDS).is_file():
            self.restore(*variants[:-1]) if variants[1:] else self.clear()
            begin = time.monotonic()
            status, said = self.run(variants[-1])
            assert status == 0, said[-5000:]
            seconds = time.monotonic() - begin
            shutil.rmtree(copy, ignore_errors=True)
            copy.mkdir(parents=True)
            for path in (self.here, self.disk):
                subprocess.run(["cp", "-a", str(path), str(copy)], check=True)
            (copy / SECONDS).write_text(f"{seconds}\n")
        return copy

    def wanted(self, *variants: str) -> dict[str, bytes]:
        """The corpus that undisturbed runs of variants give, one after the other: splits are kept from run to run.

        `seconds` is then what the last of them took.
        """
        copy = self.finished(*variants)
        self.seconds = float((copy / SECONDS).read_text())
        return contents(copy / "disk/corpus")

    def start(self, variant: str) -> subprocess.Popen:
        """A run of a variant, in a process group of its own; what it says goes to a file."""
        settings = {"input": str(self.input), "work_dir": str(self.work), "corpus_dir": str(self.corpus)}
        config = self.here / "mine.yaml"
        config.write_text(yaml.safe_dump(settings | VARIANTS[variant]))
        with open(self.here / "said.txt", "w") as said:
            pipes = {"stdout": said, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
            run = subprocess.Popen(command(config), cwd=self.here, start_new_session=True, **pipes)
        self.groups.append(run.pid)
        return run

    def run(self, variant: str) -> tuple[int, str]:
        """The status of a run to its end, and what it said."""
        status = self.start(variant).wait()
        return status, (self.here / "said.txt").read_text(errors="replace")

    def verify(self) -> str:
        """What `make verify` says."""
        words = [sys.executable, "-m", "pipeline.verify", "--work", str(self.work), "--corpus", str(self.corpus)]
        answer = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
        return answer.stdout + answer.stderr

    def free_bytes(self) -> int:
        """Room on the disk."""
        status = os.statvfs(self.disk)
        return status.f_bavail * status.f_frsize
