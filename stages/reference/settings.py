"""reference: how the pipeline runs it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline import inputs
from pipeline.registry import Stage


def check(settings: Any) -> Iterable[str]:
    """Targets whose name cannot be one, or whose reference holds no recording."""
    for name, path in settings.speaker.targets.items():
        if not name or not name.isprintable() or set(name) & set("=/\\"):
            yield f"speaker.targets: {name!r} cannot be a speaker's name: use letters and digits"
        elif not Path(path).exists():
            yield f"speaker.targets: the reference of '{name}', '{path}', does not exist"
        elif not any(item.certain for item in inputs.find(path, f"speaker.targets: {name}")):
            yield f"speaker.targets: the folder of '{name}', '{path}', holds no recording"


STAGE = Stage(
    after=(),
    unit="corpus",
    reads=("engine", "speaker.targets"),
    machine=("device", "threads"),
    check=check,
    model="resemblyzer",
    results=("references.npz",),
)
