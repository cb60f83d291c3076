"""slice: its settings, and how the pipeline runs it."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipeline.decision import OF_CUTS
from pipeline.registry import Section, Stage

Label = Literal["male", "female", "speech", "music", "noise", "noEnergy"]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Slice(Section):
    """Clips, cut at pauses."""

    labels: list[Label] = ["male", "female"]
    """what clips hold"""

    min_seconds: Annotated[float, Field(ge=0.05, allow_inf_nan=False)] = 1.5
    """shorter utterances teach a TTS model little and cannot be judged by voice"""

    max_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 12.0
    """longer ones are split at the quietest pause"""

    padding_seconds: Seconds = 0.03
    """kept before and after the speech, where there is room"""

    merge_seconds: Seconds = 1.0
    """utterances shorter than min_seconds join one of the same voice over a pause up to this"""

    pause_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.6
    """a longer pause ends a clip"""

    @model_validator(mode="after")
    def _bounds(self):
        if self.max_seconds - 2 * self.padding_seconds < 2 * self.min_seconds:
            raise ValueError(
                f"max_seconds ({self.max_seconds:g}), less the padding at both ends, must be at least twice "
                f"min_seconds ({self.min_seconds:g}), so that a long span can be split"
            )
        if not self.labels:
            raise ValueError("labels is empty: name at least one, for example [male, female]")
        return self


def check(settings: Any) -> Iterable[str]:
    """Labels that segment does not give, or that hold no voice."""
    if not {"male", "female", "speech"} & set(settings.slice.labels):
        yield "slice.labels names no label of speech, and clips without a voice are never kept: use [male, female]"
    if not settings.segment.gender and {"male", "female"} & set(settings.slice.labels):
        yield "slice.labels asks for male or female, but segment.gender is false: use [speech]"
    if settings.segment.gender and "speech" in settings.slice.labels:
        yield "slice.labels asks for speech, but segment.gender is true: use [male, female]"


STAGE = Stage(
    after=("segment",),
    section=Slice,
    reads=("engine",),
    machine=("device", "threads", "max_failed_fraction", "decisions"),
    decisions=OF_CUTS,
    check=check,
)
