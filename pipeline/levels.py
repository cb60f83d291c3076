"""The level of sound over time, in frames of 10 ms: where somebody speaks and where there is a pause."""

from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from pipeline import audio, clips

HOP = 441  # samples at 44.1 kHz in a frame of 10 ms: times are whole frames, exact in seconds and in samples
FRAMES_PER_SECOND = audio.WORK_RATE // HOP
PIECE = 3000  # frames whose levels are measured at once


def of_blocks(blocks: Iterator[np.ndarray]) -> np.ndarray:
    """RMS level in dBFS of every whole 10 ms frame of a signal at 44.1 kHz, given in blocks (n,)."""
    parts, rest = [], np.zeros(0, np.float32)
    for block in blocks:
        signal = np.concatenate([rest, block])
        whole = len(signal) // HOP
        power = np.mean(signal[: whole * HOP].reshape(whole, HOP).astype(np.float64) ** 2, axis=1)
        parts.append(10 * np.log10(np.maximum(power, 1e-12)))
        rest = signal[whole * HOP :]
    return np.concatenate(parts) if parts else np.zeros(0)


def of_vocals(row: dict, work: Path, pool: Executor) -> np.ndarray:
    """RMS level in dBFS of every whole 10 ms frame of a recording's vocals; row: one of segment's."""
    frames = round(row["duration"] * audio.WORK_RATE) // HOP

    def piece(first: int) -> np.ndarray:
        last = min(first + PIECE, frames)
        place = {"start": first / FRAMES_PER_SECOND, "end": last / FRAMES_PER_SECOND, "path": row["vocals"]}
        return of_blocks(iter([clips.place(row | place, work)]))

    return np.concatenate([np.zeros(0), *pool.map(piece, range(0, frames, PIECE))])
