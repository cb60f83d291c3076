"""The scores that clips have: their names, what they say, and the thresholds that config.yaml may set on them."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, create_model, model_validator


@dataclass(frozen=True)
class Score:
    """A score's unit, the range that its curves are drawn over, and which way is better: "high", "low" or neither."""

    unit: str
    low: float
    high: float
    better: Literal["high", "low", "neither"]
    meaning: str


SCORES = {
    "dnsmos_sig": Score("MOS", 1, 5, "high", "how a listener would rate the speech"),
    "dnsmos_bak": Score("MOS", 1, 5, "high", "how a listener would rate the background"),
    "dnsmos_ovrl": Score("MOS", 1, 5, "high", "how a listener would rate the whole"),
    "snr_db": Score("dB", -10, 60, "high", "voice to background, by voiced frames and pauses"),
    "clipping": Score("share", 0, 0.02, "low", "samples on flat tops"),
    "bandwidth_hz": Score("Hz", 0, 24000, "high", "highest frequency that holds sound"),
    "voiced_share": Score("share", 0, 1, "neither", "frames with a pitch"),
    "leading_silence_s": Score("s", 0, 1, "low", "silence before the speech"),
    "trailing_silence_s": Score("s", 0, 1, "low", "silence after the speech"),
    "f0_median_hz": Score("Hz", 60, 500, "neither", "pitch of the voice"),
    "f0_range_semitones": Score("semitones", 0, 40, "neither", "liveliness of the pitch, 5th to 95th percentile"),
    "music_residue": Score("share", 0, 1, "low", "how much the segmenter hears music"),
    "half_similarity": Score("cosine", 0, 1, "high", "likeness of the voices of both halves"),
    "duration": Score("s", 0, 30, "neither", "length of the clip"),
}


class Bounds(BaseModel):
    """The least and the greatest value of a score that a kept clip has; None sets no bound."""

    model_config = ConfigDict(extra="forbid", strict=True)

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _order(self):
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is above max ({self.max:g}), so that no clip could be kept")
        return self


Filters = create_model(
    "Filters",
    __config__=ConfigDict(extra="forbid", strict=True),
    __doc__="Thresholds by name of the score.",
    **{name: (Bounds | None, None) for name in SCORES},
)


class Repeats(BaseModel):
    """What becomes of clips that hold the same sound: one is kept, none, or all of them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    keep: Literal["one", "none", "all"] = "one"


def flags(filters: Filters) -> dict[str, list[str]]:
    """The thresholds as flags of the select stage: {"min": ["snr_db=15.0"], "max": [...]}."""
    bounds = {name: bound for name in SCORES if (bound := getattr(filters, name))}
    return {
        side: [f"{name}={value}" for name, bound in bounds.items() if (value := getattr(bound, side)) is not None]
        for side in ("min", "max")
    }
