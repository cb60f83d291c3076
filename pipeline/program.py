"""What every stage's command line shares: where it works, and its flags."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import flags, manifest, registry


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
