"""filter: its settings, and how the pipeline runs it."""

from typing import Annotated

from pydantic import BeforeValidator, Field, PositiveInt, model_validator

from pipeline.audio import WORK_RATE
from pipeline.registry import Section, Stage


class Slope(Section):
    cutoff_hz: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    slope_db_per_octave: PositiveInt
    passes: PositiveInt = 1

    @model_validator(mode="after")
    def _bounds(self):
        if self.cutoff_hz >= WORK_RATE / 2:
            raise ValueError(
                f"cutoff_hz {self.cutoff_hz:g} is not below the Nyquist frequency of the vocals, {WORK_RATE / 2:g} Hz"
            )
        if self.slope_db_per_octave % 6:
            raise ValueError(f"slope_db_per_octave {self.slope_db_per_octave} is not a multiple of 6 (6 per order)")
        return self


class Notch(Section):
    frequency_hz: Annotated[float, Field(gt=0, lt=WORK_RATE / 2)]
    q: Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _notch(value):
    """A notch may be written as a pair, [6000, 30], as well as with its names."""
    return {"frequency_hz": value[0], "q": value[1]} if isinstance(value, list) and len(value) == 2 else value


class Filter(Section):
    """Total slope of a filter = slope x passes, half of it backwards where zero_phase is true."""

    low_pass: Slope | None = None
    """nothing above is removed; export.sample_rate already limits the band. The strong setting that this pipeline was
    first used with, for recordings with a whine at 6 kHz: {cutoff_hz: 5000, slope_db_per_octave: 36, passes: 2} and
    notches: [{frequency_hz: 6000, q: 30}]"""

    high_pass: Slope | None = Slope(cutoff_hz=50.0, slope_db_per_octave=12, passes=2)
    """rumble and DC, below any voice"""

    notches: list[Annotated[Notch, BeforeValidator(_notch)]] = []
    """narrow bands to remove, as {frequency_hz: 50, q: 30} or [50, 30]"""

    zero_phase: bool = True
    """false: causal, with the delay and the phase of an analogue filter"""

    @model_validator(mode="after")
    def _halves(self):
        for name, slope in (("low_pass", self.low_pass), ("high_pass", self.high_pass)):
            if slope and self.zero_phase and slope.passes % 2 and slope.slope_db_per_octave % 12:
                raise ValueError(
                    f"{name} with zero_phase and an odd number of passes needs a slope that is a multiple of 12 "
                    f"(half of it runs backwards), found {slope.slope_db_per_octave}"
                )
        return self


STAGE = Stage(after=("enhance", "slice"), section=Filter, reads=("enhance.mode",))
