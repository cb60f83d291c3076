"""One clip: its enhanced versions, and which of them, if any, takes its place."""

from dataclasses import dataclass, replace

import numpy as np

from engines import enhancers
from engines.enhancers import judging
from engines.enhancers.judging import Bars, Compared, Heard, Judge
from engines.protocols import Enhancer
from pipeline import audio

RESIDUAL = 0.03  # of the sound as it was: -30 dB of its noise stay, which hide what a denoiser does to the voice


@dataclass(frozen=True)
class Version:
    """An enhanced clip (n,), what it was made from ("vocals", "mixture"), and the same with nothing mixed back."""

    source: str
    sound: np.ndarray
    bare: np.ndarray


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


def mixed_back(out: np.ndarray, sound: np.ndarray, residual: float) -> np.ndarray:
    """What came of a sound, with the share `residual` of the sound in it."""
    return (1 - residual) * out + residual * sound if residual else out


def choose(
    clip: np.ndarray,
    sounds: dict[str, np.ndarray],
    steps: list[Enhancer],
    rate: int,
    bars: Bars,
    judge: Judge | None,
    ratings: tuple[float, float] | None = None,
    residual: float = RESIDUAL,
) -> Choice:
    """The best of the versions made of `sounds` (by source, (n,) at `rate`) to stand for `clip`, if any is better.

    Without a judge it is the first. `ratings`: DNSMOS of the clip's background and overall, where they are known;
    `residual`: the share of a sound that is mixed back into what came of it.
    """
    bare = {source: through(steps, sound, rate) for source, sound in sounds.items()}
    versions = [Version(source, mixed_back(out, sounds[source], residual), out) for source, out in bare.items()]
    if judge is None:
        return Choice(versions[0])
    before = judge.hear(_resampled(clip, rate), ratings)
    judged = [(version, _compared(before, clip, version, rate, judge)) for version in versions]
    faults = [judging.fault(measured, bars) for _, measured in judged]
    good = [pair for pair, fault in zip(judged, faults, strict=True) if fault is None]
    if good:
        version, measured = max(good, key=lambda pair: pair[1].rise)
        return Choice(version, measured=measured)
    nearest = max(range(len(judged)), key=lambda number: judged[number][1].rise)
    return Choice(None, faults[nearest], judged[nearest][1])


def _compared(before: Heard, clip: np.ndarray, version: Version, rate: int, judge: Judge) -> Compared:
    """Quality and voice of a version, and what speech is left without the noise that was mixed back."""
    sound, bare = _resampled(version.sound, rate), _resampled(version.bare, rate)
    after = replace(judge.hear(sound), speech=judge.speech(bare))
    return judging.compare(before, after, (_resampled(clip, rate), bare), judge.SAMPLE_RATE)


def _resampled(sound: np.ndarray, rate: int) -> np.ndarray:
    return audio.resample(sound, rate, Judge.SAMPLE_RATE)
