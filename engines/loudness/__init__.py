"""Loudness after EBU R 128: our own meter, or ffmpeg-normalize."""

import engines
from engines.protocols import Normalizer


def load(engine: str, target_lufs: float, true_peak_dbtp: float) -> Normalizer:
    """The normalizer of an engine."""
    return engines.module("loudness", engine).Normalizer(target_lufs, true_peak_dbtp)
