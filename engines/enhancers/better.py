"""One clip: its enhanced versions, and which of them, if any, takes its place."""

from dataclasses import dataclass

import numpy as np

from engines import enhancers
from engines.enhancers import judging
from engines.enhancers.judging import Bars, Compared, Heard, Judge
from engines.protocols import Enhancer
from pipeline import audio


@dataclass(frozen=True)
class Version:
    """An enhanced clip (n,) and what it was made from: "vocals" or "mixture"."""

    source: str
    sound: np.ndarray


@dataclass(frozen=True)
class Choice:
    """What became of a clip: the version that takes its place, or None and why; its measures, where it was judged."""

    version: Version | None
    fault: str | None = None
    measured: Compared | None = None


def through(steps: list[Enhancer], sound: np.ndarray, rate: int) -> np.ndarray:
    """A sound (n,) through enhancers, one after the other."""
    for step in steps:
        sound = enhancers.enhanced(step, sound, rate)
    return sound


def choose(
    clip: np.ndarray,
    sounds: dict[str, np.ndarray],
    steps: list[Enhancer],
    rate: int,
    bars: Bars,
    judge: Judge | None,
    ratings: tuple[float, float] | None = None,
) -> Choice:
    """The best of the versions made of `sounds` (by source, (n,) at `rate`) to stand for `clip`, if any is better.

    Without a judge it is the first. `ratings`: DNSMOS of the clip's background and overall, where they are known.
    """
    versions = [Version(source, through(steps, sound, rate)) for source, sound in sounds.items()]
    if judge is None:
        return Choice(versions[0])
    before = judge.hear(_resampled(clip, rate), ratings)
    judged = [(version, _compared(before, clip, version.sound, rate, judge)) for version in versions]
    faults = [judging.fault(measured, bars) for _, measured in judged]
    good = [pair for pair, fault in zip(judged, faults, strict=True) if fault is None]
    if good:
        version, measured = max(good, key=lambda pair: pair[1].rise)
        return Choice(version, measured=measured)
    nearest = max(range(len(judged)), key=lambda number: judged[number][1].rise)
    return Choice(None, faults[nearest], judged[nearest][1])


def _compared(before: Heard, clip: np.ndarray, sound: np.ndarray, rate: int, judge: Judge) -> Compared:
    resampled = _resampled(clip, rate), _resampled(sound, rate)
    return judging.compare(before, judge.hear(resampled[1]), resampled, judge.SAMPLE_RATE)


def _resampled(sound: np.ndarray, rate: int) -> np.ndarray:
    return audio.resample(sound, rate, Judge.SAMPLE_RATE)
