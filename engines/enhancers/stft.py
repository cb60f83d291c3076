"""The short-time Fourier transform of the denoisers, at 16 kHz: frames of 32 ms every 16 ms, square-root Hann window.

The window is used before and after, so that frames that were not changed add up to the signal itself.
"""

from functools import cache

import numpy as np

FRAME = 512  # samples
HOP = 256
BINS = FRAME // 2 + 1


@cache
def window() -> np.ndarray:
    """The square root of the periodic Hann window, (FRAME,) float32."""
    return np.sin(np.pi * np.arange(FRAME) / FRAME).astype(np.float32)


def frames(samples: int) -> int:
    """How many frames `analyse` gives for a signal of so many samples: as many as lie around each of them."""
    return -(-samples // HOP) + 1


def analyse(signal: np.ndarray) -> np.ndarray:
    """The spectrum (frames, BINS), complex64, of a signal (n,); frame t is centred on sample HOP t, zeros around."""
    from scipy import fft

    padded = np.zeros(FRAME + (frames(len(signal)) - 1) * HOP, np.float32)
    inside = signal[: len(padded) - FRAME // 2]
    padded[FRAME // 2 :][: len(inside)] = inside
    cut = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    return fft.rfft(cut * window(), axis=1).astype(np.complex64)


def synthesise(spectrum: np.ndarray, samples: int) -> np.ndarray:
    """The signal (samples,) float32 of a spectrum (frames, BINS): the inverse of `analyse`."""
    from scipy import fft

    parts = fft.irfft(spectrum, FRAME, axis=1).astype(np.float32) * window()
    total = np.zeros(FRAME + (len(parts) - 1) * HOP, np.float32)
    halves = parts.reshape(-1, FRAME // HOP, HOP)
    for half in range(FRAME // HOP):
        total[half * HOP :][: len(parts) * HOP] += halves[:, half].reshape(-1)
    total = np.pad(total, (0, max(0, FRAME // 2 + samples - len(total))))
    return total[FRAME // 2 :][:samples]
