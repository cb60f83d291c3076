"""Weighted prediction error for one channel: late reverberation is predicted from the past and subtracted.

Nakatani et al. 2010, "Speech dereverberation based on variance-normalized delayed linear prediction". Written for long
signals: with few seconds there is little to learn a room from. Costs grow with the square of the taps.
"""

import numpy as np

from engines.enhancers import stft
from engines.protocols import Enhancer

DELAY = 2  # frames of 16 ms that count as the sound itself
ITERATIONS = 3
REGULAR = 1e-4  # of the correlation's trace, so that silence has an inverse
BANDS = 32  # that are worked on at once: bounds the memory of a long recording
LEAST_SECONDS = 1.0  # shorter signals are left as they are


class Wpe:
    """Prediction with `taps` past frames in every band."""

    SAMPLE_RATE = 16000

    def __init__(self, taps: int = 20):
        self.taps = taps

    def enhance(self, clip: np.ndarray) -> np.ndarray:
        """A signal (n,) float32 at 16 kHz with less of its room, (n,), in time with it."""
        if len(clip) < LEAST_SECONDS * self.SAMPLE_RATE or not clip.any():
            return clip
        spectrum = stft.analyse(clip).T.astype(np.complex64)
        parts = [self._bands(spectrum[first : first + BANDS]) for first in range(0, len(spectrum), BANDS)]
        return stft.synthesise(np.concatenate(parts).T, len(clip))

    def _bands(self, values: np.ndarray) -> np.ndarray:
        """Bands (k, t) without what their past predicts."""
        past = np.zeros((*values.shape, self.taps), np.complex64)
        for tap in range(self.taps):
            shift = min(DELAY + tap, values.shape[1])
            past[:, shift:, tap] = values[:, : values.shape[1] - shift]
        least = 1e-4 * np.mean(np.abs(values) ** 2, axis=1, keepdims=True) + 1e-12
        out = values
        for _ in range(ITERATIONS):
            weighted = (past.conj() / np.maximum(np.abs(out) ** 2, least)[:, :, None]).transpose(0, 2, 1)
            correlation = weighted @ past
            size = np.trace(correlation, axis1=1, axis2=2).real / self.taps
            correlation += (REGULAR * size + 1e-12)[:, None, None] * np.eye(self.taps, dtype=np.float32)
            filters = np.linalg.solve(correlation, weighted @ values[:, :, None])
            out = values - (past @ filters)[:, :, 0]
        return out


def load() -> Enhancer:
    """The enhancer."""
    return Wpe()
