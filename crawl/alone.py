"""One crawl at a time in a folder of downloads."""

import fcntl
import sys
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(folder: Path):
    """Lock the downloads: a second crawl waits for the first, and for processes that a killed one left running."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another crawl that works in {folder}", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
