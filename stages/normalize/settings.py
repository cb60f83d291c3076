"""normalize: its settings, and how the pipeline runs it."""

from typing import Annotated

from pydantic import Field

from pipeline.registry import Section, Stage


class Normalize(Section):
    """One loudness for all clips."""

    target_lufs: Annotated[float, Field(ge=-70, le=-5)] = -23.0
    """EBU R 128"""

    true_peak_dbtp: Annotated[float, Field(ge=-9, le=0)] = -1.0
    """a clip that would exceed it is left quieter, never limited"""


STAGE = Stage(
    after=("filter",),
    section=Normalize,
    reads=("engine", "export.sample_rate"),
    machine=("threads", "max_failed_fraction"),
)
