"""Locks on folders, each held by one process: a lock ends with its process, however that ends."""

import fcntl
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

NAME = ".lock"


@contextmanager
def alone(folder: Path, name: str = NAME):
    """Hold a folder. After `kill -9` of snakemake its jobs go on: the next run's jobs wait for them here."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "a") as handle:
        if not taken(handle):
            print(f"waiting for another job that works in {folder}", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def taken(handle: TextIO) -> bool:
    """Take the lock of an open file for as long as it stays open; False where another process has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
