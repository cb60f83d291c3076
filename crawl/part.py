"""A download's file while it grows. Errors of the disk are kept apart from errors of the network."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crawl import sniff
from pipeline.errors import Reject, VoxsieveError


class Part:
    """The file at `path`, which need not be there yet."""

    def __init__(self, path: Path):
        self.path = path

    @property
    def size(self) -> int:
        """Bytes that are there."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def head(self) -> bytes:
        """As many of the first bytes as `sniff` looks at."""
        with open(self.path, "rb") as stream:
            return stream.read(sniff.HEAD)

    def digest(self) -> str:
        """The SHA-256 of what is there."""
        with open(self.path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def clear(self) -> None:
        """Begin again at the first byte."""
        with writing(self.path):
            self.path.write_bytes(b"")

    def discard(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    @contextmanager
    def opened(self) -> Iterator[Callable[[bytes], None]]:
        """A function that appends a block, each written before the next is asked for."""
        with open(self.path, "ab", buffering=0) as out:

            def write(block: bytes) -> None:
                with writing(self.path):
                    left = memoryview(block)
                    while left:
                        left = left[out.write(left) :]

            yield write
            with writing(self.path):
                os.fsync(out.fileno())


@contextmanager
def writing(path: Path):
    """Reject `too_large` where no file may grow that large, VoxsieveError where nothing can be written at all."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise Reject(
                "too_large", "The file system, or the limit set with `ulimit -f`, takes no file that large."
            ) from None
        raise VoxsieveError(f"crawl: cannot write {path} ({error.strerror}): make room, then run again.") from error
