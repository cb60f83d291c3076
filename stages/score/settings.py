"""score: how the pipeline runs it."""

from pipeline.registry import Stage

STAGE = Stage(after=("speaker",), machine=("device", "threads", "max_failed_fraction"))
