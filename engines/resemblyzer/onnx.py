"""Speaker embeddings of resemblyzer 0.1.4 on ONNX Runtime: the same vectors, many clips at a time.

The package embeds one clip after another, a few windows to a batch. Here the windows of all clips of a call
go through the network in batches of one size, one batch on each thread: a batch shared by two threads would
make them wait for each other at each of 480 LSTM steps.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engines import runtime
from engines.embeddings import SILENT, Embedding, from_partials
from engines.resemblyzer import lstm as lstm_onnx
from engines.resemblyzer import sound as resemblyzer_audio
from engines.resemblyzer.sound import WINDOW_FRAMES

ENGINE = "the published weights on ONNX Runtime, fast and lean"
ENVIRONMENT = ""


class Embedder:
    """The voice encoder, loaded once; `batch` windows of 1.6 s at a time on each of `threads` threads.

    `device` is "auto", "cpu" or "cuda". Twelve windows are what onnxruntime's AVX-512 kernel multiplies at
    once and what the caches hold: 15 % faster than 64. A GPU wants some hundreds. Raises ModelError where
    the weights are missing.
    """

    SAMPLE_RATE = resemblyzer_audio.SAMPLE_RATE

    def __init__(self, threads: int = 2, device: str = "auto", batch: int = 12):
        self.threads = threads
        self.batch = batch
        self.session = runtime.session(lstm_onnx.model(), 1, device)

    def embed(self, clips: list[np.ndarray]) -> list[Embedding]:
        """One embedding for each clip, (n,) mono float32 at 16 kHz, in their order.

        A clip's vector does not depend on the other clips of the call by more than rounding.
        """
        with ThreadPoolExecutor(self.threads) as pool:
            prepared = list(pool.map(_prepare, clips))
            windows = [mel[at : at + WINDOW_FRAMES] for mel, starts, _ in prepared for at in starts]
            batches = [windows[at : at + self.batch] for at in range(0, len(windows), self.batch)]
            vectors = np.concatenate([SILENT.partials, *pool.map(self._encode, batches)])
        counts = [len(starts) for _, starts, _ in prepared]
        partials = np.split(vectors, np.cumsum(counts, dtype=int))[:-1]
        return [
            from_partials(own, samples, self.SAMPLE_RATE) if samples else SILENT
            for own, (_, _, samples) in zip(partials, prepared, strict=True)
        ]

    def _encode(self, windows: list[np.ndarray]) -> np.ndarray:
        """The vectors (k, 256) of windows of (160, 40), k <= batch."""
        return self.session.run(None, {"mels": np.stack(windows)})[0]


def _prepare(clip: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """A clip's mel spectrogram (frames, 40), the first frames of its windows (k,), and its trimmed length."""
    trimmed = resemblyzer_audio.trim_pauses(resemblyzer_audio.raise_volume(clip))
    if not len(trimmed):
        return np.zeros((0, resemblyzer_audio.BANDS), np.float32), np.zeros(0, int), 0
    starts = resemblyzer_audio.window_starts(len(trimmed))
    mel = resemblyzer_audio.mel_spectrogram(trimmed, starts[-1] + WINDOW_FRAMES)
    return mel, starts, len(trimmed)
