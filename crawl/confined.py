"""Runs a part of the crawl that parses foreign bytes in a separate process, limited in time and memory."""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline.errors import Reject

MEMORY = 2_000_000_000  # bytes of address space
PR_SET_PDEATHSIG = 1  # prctl(2)
ROOT = Path(__file__).parents[1]


def answer(module: str, data: bytes, seconds: float, *words: str) -> Any:
    """The JSON output of `python -m MODULE WORDS…` on `data`. Reject `unreadable` where it fails or takes too long."""
    command = [sys.executable, "-m", module, *words]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=seconds, cwd=ROOT, env=environment(), check=True
        )
    except subprocess.TimeoutExpired:
        raise Reject("unreadable", f"It could not be read within {seconds:g} s.") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.decode("utf-8", "replace").splitlines() or ["without a word"])[-1]
        raise Reject("unreadable", f"It could not be read: {last}.") from None
    return json.loads(done.stdout)


def environment() -> dict[str, str]:
    """An environment without anything that makes a library connect anywhere: no proxy, no PATH, no home."""
    return {"PYTHONPATH": str(ROOT), "PATH": os.devnull, "LANG": "C.UTF-8", "YTDLP_NO_PLUGINS": "1"}


def confine(parent: int, memory: int | None = MEMORY) -> None:
    """Called in the separate process: end with the crawl (process id `parent`), use at most `memory` bytes."""
    end_with_parent()
    if os.getppid() != parent:
        sys.exit("the crawl has ended")
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the crawl's to hear


def end_with_parent() -> None:
    """End when the parent does, kill -9 included."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
