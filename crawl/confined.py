"""A part of the crawl in a process of its own, for what reads foreign bytes at length: it ends in time or is ended."""

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

MEMORY = 2_000_000_000  # bytes of addresses
PR_SET_PDEATHSIG = 1  # prctl(2)
ROOT = Path(__file__).parents[1]


def answer(module: str, data: bytes, seconds: float, *words: str) -> Any:
    """What `python -m MODULE WORDS…` makes of `data`, as JSON. Reject `unreadable` where it ends without or late."""
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
    """An environment with nothing in it that makes a library connect anywhere: no proxy, no PATH, no home."""
    return {"PYTHONPATH": str(ROOT), "PATH": os.devnull, "LANG": "C.UTF-8", "YTDLP_NO_PLUGINS": "1"}


def confine(parent: int, memory: int | None = MEMORY) -> None:
    """In the process of its own: end with the crawl (whose process id is `parent`), take no more bytes of memory."""
    end_with_parent()
    if os.getppid() != parent:
        sys.exit("the crawl has ended")
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the crawl's to hear


def end_with_parent() -> None:
    """End when the parent does, kill -9 included."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
