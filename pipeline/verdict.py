"""Is the recording at fault? A failure rejects a recording only where nothing else can be the cause.

A plain fault of the machine (no memory, a full disk, a device that is gone, a child process that was killed, a package
that cannot be loaded) stops the job; the same command tries again. After any other failure disk space and input are
checked, and the work is tried a second time: only what fails again is the recording's fault.
"""

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pipeline.errors import Reject, VoxsieveError, in_words, may_pass

PROBE_BYTES = 1 << 20
log = logging.getLogger("voxsieve")


def reached(work: Callable[[], Any], inputs: Iterable[Path], out: Path, what: str) -> Any:
    """The result of `work()`. Raises Reject where it fails twice by the fault of the recording.

    inputs: the files that it reads; out: the folder that it writes to; what: its name in messages. Raises VoxsieveError
    where the machine is at fault.
    """
    try:
        return work()
    except Reject as error:
        log.info("%s: %s, tried again", what, error)
    except Exception as error:
        _stop_where_passing(error, what)
        log.info("%s: %s, tried again", what, in_words(error))
    for path in inputs:
        check_readable(path)
    check_room(out)
    try:
        return work()
    except Exception as error:
        _stop_where_passing(error, what)
        if isinstance(error, Reject):
            raise
        log.exception("%s", what)
        raise Reject("error", in_words(error)) from error


def _stop_where_passing(error: Exception, what: str) -> None:
    """Raise VoxsieveError where an error is temporary, whatever the recording."""
    if isinstance(error, VoxsieveError | MemoryError):
        raise error
    if may_pass(error):
        raise VoxsieveError(
            f"{what}: {in_words(error)}: not the recording's fault: check memory, disks and devices, then run again."
        ) from error


def check_readable(path: Path) -> None:
    """Raise VoxsieveError where a file cannot be read at its beginning, middle and end. Folders are not checked."""
    if path.is_dir():
        return
    try:
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            for place in (0, size // 2, max(0, size - 1)):
                stream.seek(place)
                if size and not stream.read(1):
                    raise OSError("it ends early")
    except OSError as error:
        raise VoxsieveError(
            f"{path} cannot be read now ({error.strerror or error}): bring its disk back, then run again."
        ) from error


def check_room(folder: Path) -> None:
    """Raise VoxsieveError where nothing can be written to a folder."""
    probe = folder / f".probe.{os.getpid()}.partial"
    try:
        with open(probe, "wb") as stream:
            stream.write(bytes(PROBE_BYTES))
            os.fsync(stream.fileno())
    except OSError as error:
        raise VoxsieveError(f"{folder} cannot be written ({error.strerror}): make room, then run again.") from error
    finally:
        probe.unlink(missing_ok=True)
