"""segment: its settings, and how the pipeline runs it."""

from typing import Literal

from pipeline.registry import Section, Stage


class Segment(Section):
    """Male, female, music, noise or silence, for every moment."""

    source: Literal["both", "vocals", "mixture"] = "both"
    """speech from mixture and vocals together; vocals or mixture: as inaSpeechSegmenter hears one"""

    vad: Literal["smn", "sm"] = "smn"
    """smn: speech, music, noise; sm: speech, music"""

    gender: bool = True
    """false labels speech as speech; then ask for it in slice.labels"""

    exact: bool = False
    """true evaluates every 20 ms instead of where something changes: slower, 0.1 % different"""


STAGE = Stage(
    after=("separate",),
    section=Segment,
    reads=("engine",),
    machine=("device", "threads", "max_failed_fraction"),
    model="ina",
)
