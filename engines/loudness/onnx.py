"""Gain from our own BS.1770-4 meter (bs1770.py), no process per clip."""

import numpy as np

ENGINE = "the published weights on ONNX Runtime, fast and lean"
ENVIRONMENT = ""


class Normalizer:
    """Brings clips to `target_lufs`; the limit of the true peak is the caller's to keep."""

    def __init__(self, target_lufs: float, true_peak_dbtp: float):
        self.target_lufs = target_lufs

    def gain_db(self, clip: np.ndarray, sample_rate: int, lufs: float) -> float:
        """The gain that brings a clip (n,) of integrated loudness `lufs` to the target."""
        return self.target_lufs - lufs
