"""How every program begins and ends: its log, its help, how an error is told. Light, for all environments."""

import argparse
import errno
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.errors import Reject, VoxsieveError, in_words, may_pass

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


class Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the default of every flag that has one."""

    def _get_help_string(self, action):
        return action.help if action.default in (None, False) else super()._get_help_string(action)


def run(main: Callable[[], None]) -> None:
    """Call `main`; what goes wrong ends the program as `in_a_sentence` says."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    with in_a_sentence():
        main()


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """An error of ours, or one about memory, disks and devices, ends the program with one sentence and status 1."""
    try:
        yield
    except (VoxsieveError, Reject) as error:
        sys.exit(f"error: {error}")
    except PermissionError as error:
        sys.exit(f"error: permission denied: {error.filename}: let this user read and write there, then run again.")
    except MemoryError:
        sys.exit("error: out of memory: run fewer jobs at once (-j) or make shards smaller (shard_minutes).")
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            sys.exit(f"error: cannot write ({error}): make room, then run again.")
        if not may_pass(error):
            raise
        sys.exit(f"error: {in_words(error)}: check memory, disks and devices, then run again.")
