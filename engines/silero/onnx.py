"""Silero VAD 6.2.3 on ONNX Runtime: how surely somebody speaks, every 32 ms.

The graph is the wheel's `silero_vad_16k_sequence.onnx`: windows of 512 samples, each behind the last 64 of the one
before (silero_vad/sequence_vad.py), and a recurrent state that goes from call to call. 600x real time on one core.
"""

import numpy as np

from engines import runtime
from install import weights

WEIGHTS = "silero/silero_vad_16k_sequence.onnx"
SAMPLE_RATE = 16000
WINDOW = 512  # samples, 32 ms
CONTEXT = 64


class Vad:
    """The network, loaded once. Raises ModelError where the weights are missing."""

    def __init__(self, device: str = "auto"):
        self.session = runtime.session(weights.file(WEIGHTS), 1, device)

    def stream(self) -> "Stream":
        """A fresh listener for one signal."""
        return Stream(self.session)


class Stream:
    """Listens to one signal, 16 kHz mono float32, block by block."""

    SECONDS = WINDOW / SAMPLE_RATE

    def __init__(self, session):
        self.session = session
        self.state = {name: np.zeros((1, 1, 128), np.float32) for name in "hc"}
        self.rest = np.zeros(CONTEXT, np.float32)
        self.found: list[np.ndarray] = []

    def push(self, block: np.ndarray) -> None:
        """Take the next samples (n,), of any n; what does not fill a window waits for the next call."""
        signal = np.concatenate([self.rest, block])
        whole = (len(signal) - CONTEXT) // WINDOW
        self.rest = signal[whole * WINDOW :]
        if whole:
            windows = np.lib.stride_tricks.sliding_window_view(signal, CONTEXT + WINDOW)[::WINDOW]
            feed = {"input": np.ascontiguousarray(windows[:whole])} | self.state
            probability, self.state["h"], self.state["c"] = self.session.run(None, feed)
            self.found.append(probability.reshape(-1))

    def probability(self) -> np.ndarray:
        """The probability of speech in every whole window so far, float32 (windows,)."""
        return np.concatenate(self.found) if self.found else np.zeros(0, np.float32)
