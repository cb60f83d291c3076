"""The labelled span, what every segmentation engine gives."""

from dataclasses import dataclass

LABELS = ("noEnergy", "music", "noise", "speech", "male", "female")


@dataclass(frozen=True)
class Span:
    """One stretch of a recording: label (one of LABELS), start and stop in seconds, multiples of 0.02.

    `confidence` is the mean posterior of the label over the span, 0 to 1; None for noEnergy, which is
    decided by loudness, and where the engine does not tell. Stretches that no network can judge (within
    0.34 s of digital silence) count 0.5.
    """

    label: str
    start: float
    stop: float
    confidence: float | None = None
