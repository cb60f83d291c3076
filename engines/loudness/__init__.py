"""Loudness after EBU R 128: our own meter, or ffmpeg-normalize."""

import numpy as np

from engines.protocols import Normalizer


class Native:
    """Gain from our own BS.1770-4 meter, no process per clip."""

    def __init__(self, target_lufs: float):
        self.target_lufs = target_lufs

    def gain_db(self, clip: np.ndarray, sample_rate: int, lufs: float) -> float:
        """The gain that brings a clip (n,) of integrated loudness `lufs` to the target."""
        return self.target_lufs - lufs


def load(engine: str, target_lufs: float, true_peak_dbtp: float) -> Normalizer:
    """The normalizer of an engine, "onnx" (native) or "original"."""
    if engine == "original":
        from engines.loudness.original import Normalizer

        return Normalizer(target_lufs, true_peak_dbtp)
    return Native(target_lufs)
