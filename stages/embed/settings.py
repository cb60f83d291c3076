"""embed: how the pipeline runs it."""

from pipeline.registry import Stage

STAGE = Stage(
    after=("normalize",),
    reads=("engine",),
    machine=("device", "threads", "max_failed_fraction"),
    model="resemblyzer",
)
