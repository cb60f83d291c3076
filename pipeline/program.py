"""What every stage's command line shares: the common flags, the log, and how an error is told."""

import argparse
import errno
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import Reject, VoxsieveError


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with the flags of a per-shard stage."""
    made = argparse.ArgumentParser(description=description.split("\n\n")[0], formatter_class=Defaults)
    made.add_argument("--manifest", type=Path, required=True, help="manifest.jsonl of the stage before")
    made.add_argument("--out", type=Path, required=True, help="folder for this stage's manifest, rejects and files")
    made.add_argument("--work", type=Path, required=True, help="work folder, to which a manifest's paths are relative")
    made.add_argument("--max-failed-fraction", type=float, default=0.5, help="stop where more recordings fail")
    return made


class Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the default of every flag that has one."""

    def _get_help_string(self, action):
        return action.help if action.default in (None, False) else super()._get_help_string(action)


def add_model_flags(made: argparse.ArgumentParser) -> None:
    """The flags of a stage that runs a model."""
    made.add_argument("--engine", choices=("onnx", "original"), default="onnx", help="which engine runs the model")
    made.add_argument("--threads", type=count, default=2, help="cores to use")
    made.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the model runs")


def settings(args: argparse.Namespace) -> dict:
    """The flags that decide a stage's result, for the key of interrupted work."""
    place = {"manifest", "out", "work", "threads", "max_failed_fraction"}
    return {name: value for name, value in vars(args).items() if name not in place}


def relative(path: Path, work: Path) -> str:
    """`path` as a manifest names it: relative to the work folder, with forward slashes."""
    if not path.resolve().is_relative_to(work.resolve()):
        raise VoxsieveError(f"--out: expected a folder inside the work folder {work}, found {path.parent}.")
    return path.resolve().relative_to(work.resolve()).as_posix()


def positive(text: str) -> float:
    """An argparse type: a number above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text}")
    return value


def count(text: str) -> int:
    """An argparse type: a whole number above 0."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, found {text}")
    return value


def run(main: Callable[[], None]) -> None:
    """Call `main`; an error of ours ends the program with its one sentence and status 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        main()
    except (VoxsieveError, Reject) as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        sys.exit(f"error: cannot write ({error}): make room, then run again.")
    except MemoryError:
        sys.exit("error: out of memory: run fewer jobs at once (-j) or make shards smaller (shard_minutes).")
