"""Stretches of speech between pauses, from labels and levels. Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipeline.levels import FRAMES_PER_SECOND

VOICE = ("male", "female", "speech")
JOINED = 0.05  # seconds between spans of speech that are taken as one
LOUD_DB = 24.0  # speech lies within this of the loud parts near by; what lies below is a pause
NEAR = 2.0  # seconds before and after
PAUSE = 0.12  # seconds: the closures of consonants are shorter
SILENCE_DB = -75.0
SHORTEST = 0.04  # seconds of an island


@dataclass(frozen=True)
class Islands:
    """Stretches of speech from `start` to `stop` in seconds, (m,) each, in order."""

    start: np.ndarray
    stop: np.ndarray

    def within(self, start: float, end: float) -> range:
        """The numbers of the islands whose middle lies in a span."""
        middle = (self.start + self.stop) / 2
        return range(int(np.searchsorted(middle, start)), int(np.searchsorted(middle, end)))

    def near(self, start: float, end: float) -> "Islands":
        """The islands that lie in a span."""
        inside = (self.start >= start) & (self.stop <= end)
        return Islands(self.start[inside], self.stop[inside])


def of(labels: list[tuple[str, float, float]], level: np.ndarray, edges: Iterable[float]) -> Islands:
    """The islands of a recording with these labels (label, start, stop) and levels (dBFS of each frame).

    They are cut at `edges` (seconds), where clips begin and end, so that each lies in a clip or outside.
    """
    cuts = np.array(sorted({round(edge * FRAMES_PER_SECOND) for edge in edges}))
    least = round(SHORTEST * FRAMES_PER_SECOND)
    power = np.convolve(10 ** (level / 10), np.ones(3) / 3, "same")
    smooth = 10 * np.log10(np.maximum(power, 1e-12))
    parts: list[tuple[int, int]] = []
    for start, stop in _speech(labels, len(level)):
        inside = smooth[start:stop]
        loud = np.flatnonzero((inside > _loud(inside) - LOUD_DB) & (inside > SILENCE_DB))
        if not len(loud):
            continue
        gaps = np.flatnonzero(np.diff(loud) > PAUSE * FRAMES_PER_SECOND)
        firsts, lasts = loud[np.insert(gaps + 1, 0, 0)], loud[np.append(gaps, len(loud) - 1)]
        for first, last in zip(firsts + start, lasts + start + 1, strict=True):
            inner = cuts[(cuts >= first + least) & (cuts <= last - least)]
            borders = [first, *inner, last]
            parts += [(a, b) for a, b in zip(borders, borders[1:], strict=False) if b - a >= least]
    frames = np.array(parts, float).reshape(-1, 2) / FRAMES_PER_SECOND
    return Islands(frames[:, 0], frames[:, 1])


def _speech(labels: list[tuple[str, float, float]], frames: int) -> list[tuple[int, int]]:
    """The spans of speech in frames, neighbours joined."""
    spans: list[list[int]] = []
    for label, *times in labels:
        start, stop = (min(round(time * FRAMES_PER_SECOND), frames) for time in times)
        if label not in VOICE or stop <= start:
            continue
        if spans and start - spans[-1][1] <= JOINED * FRAMES_PER_SECOND:
            spans[-1][1] = stop
        else:
            spans.append([start, stop])
    return [(start, stop) for start, stop in spans]


def _loud(level: np.ndarray) -> np.ndarray:
    """The level in dBFS of the loud parts around each frame: the 90th percentile, every fifth of a second."""
    reach, step = round(NEAR * FRAMES_PER_SECOND), FRAMES_PER_SECOND // 5
    points = range(0, len(level), step)
    loud = [np.percentile(level[max(0, point - reach) : point + reach], 90) for point in points]
    return np.repeat(loud, step)[: len(level)]
