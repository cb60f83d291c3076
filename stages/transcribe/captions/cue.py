"""A cue: what is said in a stretch of a recording, as captions tell it."""

from typing import NamedTuple


class Cue(NamedTuple):
    """`start` and `end` in seconds; `words`: (word, its start in seconds) where the format tells it, else empty."""

    start: float
    end: float
    text: str
    words: tuple[tuple[str, float], ...] = ()


def seconds(hours: str | None, minutes: str | None, whole: str, fraction: str | None = None) -> float:
    """Seconds from the parts of a time stamp, each in decimal digits."""
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(whole) + float(f"0.{fraction or 0}")
