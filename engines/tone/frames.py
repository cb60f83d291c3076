"""A clip in frames of 10 ms: power spectrum, pitch, which frames sound and which are voiced. Input: 16 kHz, mono."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from engines.scores import measures

RATE = 16000  # Hz
WINDOW = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
FFT = 512
BANDS = 40  # of the mel scale
LOWEST_HZ = 50
HERTZ = np.arange(FFT // 2 + 1) * RATE / FFT  # of the spectrum's bins
FLOOR = 1e-10  # of power: what lies below is no sound of a recording
LOUD_PERCENTILE = 95
SILENT_DB = -35.0  # below the loud frames
SHORTEST_SECONDS = 0.3
SILENT = 1e-4  # of full scale: three steps of 16 bit
LEAST_VOICED = 8  # frames
FRAMES_A_SECOND = RATE // HOP


@dataclass(frozen=True)
class Frames:
    """From the first to the last sounding frame of a clip.

    power: (frames, 257), energy_db (frames,) and mel_db (frames, 40) relative to the loud frames, so that the level of
    the recording counts for nothing; f0 (frames,) in Hz, correlation (frames,) with one period before, `voiced` and
    `sounding` (frames,), bool.
    """

    power: np.ndarray
    energy_db: np.ndarray
    mel_db: np.ndarray
    f0: np.ndarray
    correlation: np.ndarray
    voiced: np.ndarray
    sounding: np.ndarray


@cache
def mel_filters() -> np.ndarray:
    """Triangles evenly spaced on the mel scale of O'Shaughnessy, (40, 257), each with a peak of 1."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST_HZ, RATE / 2))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    rising = (HERTZ - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - HERTZ) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling))


def decibels(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(power + FLOOR)


def frames(clip: np.ndarray) -> Frames | None:
    """The frames of a clip (n,) float32 at RATE; None where it is too short, silent or holds no voice."""
    if len(clip) < SHORTEST_SECONDS * RATE or not np.isfinite(clip).all():
        return None
    clip = clip - clip.mean()
    if np.abs(clip).max() < SILENT:
        return None
    clip = clip / np.abs(clip).max()
    period = measures.periodicity(clip, RATE)
    padded = np.pad(clip, (WINDOW // 2, WINDOW))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: len(clip) : HOP]
    count = min(len(windows), len(period.f0))
    power = np.abs(np.fft.rfft(windows[:count] * np.hanning(WINDOW), FFT)) ** 2
    energy = decibels(power.sum(axis=1))
    loud = np.percentile(energy, LOUD_PERCENTILE)
    sounding = energy > loud + SILENT_DB
    if np.sum(period.voiced[:count] & sounding) < LEAST_VOICED:
        return None
    first, last = np.flatnonzero(sounding)[[0, -1]]
    part = slice(first, last + 1)
    return Frames(
        power[part] + FLOOR,
        energy[part] - loud,
        decibels(power[part] @ mel_filters().T) - loud,
        period.f0[part],
        period.correlation[part],
        period.voiced[part] & sounding[part],
        sounding[part],
    )
