"""What every stage's command line shares: its folders, its flags, the log, and how an error is reported."""

import argparse
import errno
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import flags, manifest, registry
from pipeline.errors import Reject, VoxsieveError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


@dataclass(frozen=True)
class Job:
    """One run of a stage: its settings, the work folder, the shard ("" for the whole corpus), further flags."""

    stage: str
    settings: Any
    work: Path
    shard: str
    args: argparse.Namespace

    @property
    def out(self) -> Path:
        """The folder that it writes to."""
        return self.work / self.stage / self.shard if self.shard else self.work / self.stage

    def inputs(self, kind: type, stage: str | None = None) -> list[dict]:
        """The rows of its shard that the stage before (or `stage`) wrote."""
        before = stage or registry.stages()[self.stage].after[0]
        return manifest.read(manifest.of_shard(self.work, before, self.shard), kind)

    def relative(self, path: Path) -> str:
        """`path` as a manifest names it: relative to the work folder, with forward slashes."""
        return path.relative_to(self.work).as_posix()

    @property
    def deciding(self) -> dict[str, Any]:
        """The settings that decide the result, for the key of interrupted work."""
        machine = {key.rpartition(".")[2] for key in registry.stages()[self.stage].machine}
        return self.settings.model_dump(mode="json", exclude=machine)


def parse(stage: str, description: str, add: Callable[[argparse.ArgumentParser], None] | None = None) -> Job:
    """The job that the command line asks for. add: adds further flags to the parser.

    Raises ConfigError where a flag is wrong.
    """
    parser = argparse.ArgumentParser(f"python -m stages.{stage}", description=description.split("\n\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="work folder; paths in manifests are relative to it")
    if registry.stages()[stage].unit == "shard":
        parser.add_argument("--shard", type=shard, required=True, help="shard to work on, for example s0000")
    if add:
        add(parser)
    kind = flags.model(stage)
    flags.add(parser, kind)
    args = parser.parse_args()
    return Job(stage, flags.read(args, kind), args.work, getattr(args, "shard", ""), args)


def shard(text: str) -> str:
    """An argparse type: the name of a shard."""
    if not (text.startswith("s") and text[1:].isdigit()):
        raise argparse.ArgumentTypeError(f"expected a shard such as s0000, found '{text}'")
    return text


def run(main: Callable[[], None]) -> None:
    """Call `main`; an error of ours ends the program with its one sentence and status 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        main()
    except (VoxsieveError, Reject) as error:
        sys.exit(f"error: {error}")
    except PermissionError as error:
        sys.exit(f"error: permission denied: {error.filename}: let this user read and write there, then run again.")
    except OSError as error:
        if error.errno not in FULL:
            raise
        sys.exit(f"error: cannot write ({error}): make room, then run again.")
    except MemoryError:
        sys.exit("error: out of memory: run fewer jobs at once (-j) or make shards smaller (shard_minutes).")
