"""Noise-profile reduction, as audio editors do it: what is not louder than the noise's own spectrum is turned down.

The profile is the mean and spread of the noise's level in every band (in dB). A band of a frame is turned down by
`reduction_db` where it lies less than `sensitivity` spreads above the mean; gains are smoothed over bands and time.
"""

from dataclasses import dataclass

import numpy as np

from engines.enhancers import stft
from engines.protocols import Enhancer

ATTACK, RELEASE = 0.02, 0.10  # seconds over which a gain rises and falls
QUIETEST = 0.1  # share of a clip's quietest frames that stand for its noise where no profile is given
FLOOR = 1e-7


@dataclass(frozen=True)
class Profile:
    """Mean and standard deviation of a noise's level in dB, (bins,) each."""

    mean: np.ndarray
    spread: np.ndarray


def _levels(spectrum: np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.abs(spectrum) + FLOOR)


def profile(noise: np.ndarray) -> Profile:
    """The profile of a stretch of noise (n,) at 16 kHz."""
    levels = _levels(stft.analyse(noise))
    return Profile(levels.mean(axis=0), levels.std(axis=0))


def guessed(clip: np.ndarray) -> Profile:
    """A profile from a clip's own quietest frames, (n,) at 16 kHz."""
    levels = _levels(stft.analyse(clip))
    order = np.argsort(levels.mean(axis=1))
    quiet = levels[order[: max(4, round(QUIETEST * len(levels)))]]
    return Profile(quiet.mean(axis=0), quiet.std(axis=0))


class Spectral:
    """Reduction by a profile; without one, by what each clip's quietest frames hold."""

    SAMPLE_RATE = 16000

    def __init__(
        self,
        known: Profile | None = None,
        reduction_db: float = 12.0,
        sensitivity: float = 2.0,
        smoothing_bands: int = 3,
    ):
        self.known, self.reduction_db = known, reduction_db
        self.sensitivity, self.smoothing_bands = sensitivity, smoothing_bands

    def enhance(self, clip: np.ndarray) -> np.ndarray:
        """A clip (n,) float32 at 16 kHz with its noise turned down, (n,), in time with it."""
        from scipy.ndimage import uniform_filter1d

        noise = self.known or guessed(clip)
        spectrum = stft.analyse(clip)
        above = _levels(spectrum) > noise.mean + self.sensitivity * noise.spread
        gain_db = np.where(above, 0.0, -self.reduction_db)
        gain_db = uniform_filter1d(gain_db, 2 * self.smoothing_bands + 1, axis=1, mode="nearest")
        return stft.synthesise(spectrum * 10 ** (_smoothed(gain_db) / 20), len(clip))


def _smoothed(gain_db: np.ndarray) -> np.ndarray:
    """Gains (t, bins) that rise within ATTACK and fall within RELEASE."""
    hop = stft.HOP / Spectral.SAMPLE_RATE
    rise, fall = (1 - np.exp(-hop / seconds) for seconds in (ATTACK, RELEASE))
    out = gain_db.copy()
    for frame in range(1, len(out)):
        step = out[frame] - out[frame - 1]
        out[frame] = out[frame - 1] + step * np.where(step > 0, rise, fall)
    return out


def load() -> Enhancer:
    """The enhancer, without a profile."""
    return Spectral()
