"""What can be measured on a clip without a model: pure functions on mono float32 arrays (n,).

Periodicity serves three measures: the fundamental frequency, how much of a clip is voiced, and which frames hold
nothing but noise. It is the normalised cross-correlation of Talkin 1995, "A robust algorithm for pitch tracking".
A measure that cannot be taken (the F0 of a whisper, anything of digital silence) is None.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

FRAME_SECONDS = 0.01  # from frame to frame

PERIODICITY_RATE = 8000  # Hz; halves the work and loses nothing of the voice's fundamental
LOWEST_HZ, HIGHEST_HZ = 60, 500
CORRELATED_SECONDS = 0.04  # two periods of 50 Hz
VOICED = 0.8  # least correlation of a voiced frame
QUIET_DB = -30.0  # relative to the clip's loud frames; quieter frames are not taken for voice
SHORTEST_WITHIN = 0.08  # of lags that correlate nearly as well, the shortest is the period and not its multiple
NEAR_VOICE_FRAMES = 10  # consonants lie within 100 ms of a voiced frame; what lies farther off is background
STEADY_PERCENTILE = 40  # of the aperiodic power of voiced frames: the upper ones hold changes of the voice itself
ENOUGH_FRAMES = 8

SILENCE_DB = -35.0  # relative to the loud frames
LOUD_PERCENTILE = 95

FLAT = 0.01  # steps below this share of the clip's peak are flat
HIGH = 0.5  # share of the peak above which a flat stretch is a clipped one
FLAT_SAMPLES = 4

BAND_DB = -45.0  # below the strongest part of the spectrum; telephone speech passes it at 5 to 6 kHz
SMOOTHING_HZ = 500


@dataclass(frozen=True)
class Periodicity:
    """Frames of 10 ms: power (frames,), correlation (frames,) with one period before, f0 (frames,) in Hz, voiced."""

    power: np.ndarray
    correlation: np.ndarray
    f0: np.ndarray
    voiced: np.ndarray


def periodicity(clip: np.ndarray, sample_rate: int) -> Periodicity:
    """The period of every frame of a clip (n,), n at least 1: the lag of 2 to 17 ms that correlates best."""
    from scipy import fft, signal

    if sample_rate != PERIODICITY_RATE:
        clip = signal.resample_poly(clip, PERIODICITY_RATE, sample_rate)
    size, hop = round(CORRELATED_SECONDS * PERIODICITY_RATE), round(FRAME_SECONDS * PERIODICITY_RATE)
    shortest, longest = PERIODICITY_RATE // HIGHEST_HZ, PERIODICITY_RATE // LOWEST_HZ
    padded = np.pad(clip.astype(np.float32), (size // 2, size + longest))
    spans = np.lib.stride_tricks.sliding_window_view(padded, size + longest + 1)[: len(clip) : hop]
    length = fft.next_fast_len(size + longest + 1, real=True)
    spectrum = np.conj(fft.rfft(spans[:, :size], length)) * fft.rfft(spans, length)
    product = fft.irfft(spectrum, length)[:, : longest + 1]
    energy = np.cumsum(np.pad(spans.astype(np.float64) ** 2, ((0, 0), (1, 0))), axis=1)
    energy = energy[:, size : size + longest + 1] - energy[:, : longest + 1]
    scale = np.sqrt(energy[:, :1] * energy)
    correlation = np.divide(product, scale, out=np.zeros_like(scale), where=scale > 1e-12)
    lag, best = _first_peak(correlation[:, shortest - 1 :])
    power = energy[:, 0] / size
    loud = np.percentile(power, LOUD_PERCENTILE)
    voiced = (best > VOICED) & (power > loud * 10 ** (QUIET_DB / 10))
    return Periodicity(power, best, PERIODICITY_RATE / (lag + shortest - 1), voiced)


def _first_peak(correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lag, with a fraction by a parabola, and height of the first local peak near the highest, of (frames, lags)."""
    inner = correlation[:, 1:-1]
    peak = (inner >= correlation[:, :-2]) & (inner >= correlation[:, 2:])
    height = np.where(peak, inner, -1.0)
    near = height >= height.max(axis=1, keepdims=True) - SHORTEST_WITHIN
    at = np.argmax(near, axis=1) + 1
    rows = np.arange(len(correlation))
    before, here, after = (correlation[rows, at + step] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = np.divide(before - after, 2 * bend, out=np.zeros_like(here), where=bend < -1e-9)
    shift = shift.clip(-0.5, 0.5)
    return at + shift, (here - (before - after) * shift / 4).clip(-1, 1)


def snr_db(periods: Periodicity) -> float | None:
    """Signal-to-noise ratio in dB, from voiced frames against the rest (VAD-based, the detector being voicing).

    The noise is the lesser of two estimates that both exceed it: the power of frames far from any voice, which may
    hold a breath, and the aperiodic share of the voiced frames' power, which holds the voice's own.
    """
    voiced, power = periods.voiced, periods.power
    if voiced.sum() < ENOUGH_FRAMES:
        return None
    speech = power[voiced].mean()
    noise = np.percentile((1 - periods.correlation[voiced]) * power[voiced], STEADY_PERCENTILE)
    near = np.convolve(voiced, np.ones(2 * NEAR_VOICE_FRAMES + 1), "same")[: len(voiced)] > 0
    if np.sum(~near) >= ENOUGH_FRAMES:
        noise = min(noise, power[~near].mean())
    return float(10 * np.log10(max(speech - noise, speech / 20) / max(noise, speech * 1e-8)))


def voiced_share(periods: Periodicity) -> float:
    """Share of a clip's frames that are voiced, 0 to 1: about half in fluent speech, less with pauses or noise."""
    return float(periods.voiced.mean())


def f0_statistics(periods: Periodicity) -> tuple[float | None, float | None]:
    """Median of F0 in Hz, and its range in semitones from the 5th to the 95th percentile of the voiced frames."""
    if periods.voiced.sum() < ENOUGH_FRAMES:
        return None, None
    low, median, high = np.percentile(periods.f0[periods.voiced], [5, 50, 95])
    return float(median), float(12 * np.log2(high / low))


def edge_silences(clip: np.ndarray, sample_rate: int) -> tuple[float, float]:
    """Seconds of silence at the beginning and the end of a clip (n,): frames 35 dB below the loud ones."""
    hop = round(FRAME_SECONDS * sample_rate)
    frames = len(clip) // hop
    if not frames:
        return 0.0, 0.0
    power = np.mean(clip[: frames * hop].reshape(frames, hop).astype(np.float64) ** 2, axis=1)
    sounding = np.flatnonzero(power > np.percentile(power, LOUD_PERCENTILE) * 10 ** (SILENCE_DB / 10))
    if not len(sounding):
        return len(clip) / sample_rate, len(clip) / sample_rate
    return sounding[0] * FRAME_SECONDS, (frames - 1 - sounding[-1]) * FRAME_SECONDS


def clipping(clip: np.ndarray) -> float:
    """Share of the samples of a clip (n,) that lie on flat tops: four or more that hardly move, far from zero.

    A gain and a filter have moved the tops since they were cut, so no fixed level is looked for.
    """
    peak = np.max(np.abs(clip), initial=0.0)
    if len(clip) < FLAT_SAMPLES or not peak:
        return 0.0
    flat = (np.abs(np.diff(clip)) < FLAT * peak) & (np.abs(clip[1:]) > HIGH * peak)
    steps = FLAT_SAMPLES - 1
    starts = np.all(np.lib.stride_tricks.sliding_window_view(flat, steps), axis=1)
    return float(np.mean(np.convolve(starts, np.ones(FLAT_SAMPLES)) > 0))


def bandwidth_hz(clip: np.ndarray, sample_rate: int) -> float | None:
    """The highest frequency in Hz at which a clip (n,) holds sound: 45 dB below the strongest.

    Looks at the 95th percentile over frames, since the highest frequencies are those of short consonants.
    """
    from scipy import fft

    size = 2 ** round(np.log2(0.023 * sample_rate))
    if len(clip) < size or not clip.any():
        return None
    frames = np.lib.stride_tricks.sliding_window_view(clip, size)[:: size // 2]
    power = np.abs(fft.rfft(frames * _hann(size), axis=1)) ** 2
    strong = np.percentile(power, LOUD_PERCENTILE, axis=0)
    width = max(round(SMOOTHING_HZ * size / sample_rate), 1)
    smooth = np.convolve(strong, np.full(width, 1 / width), "same")
    highest = np.flatnonzero(smooth > smooth.max() * 10 ** (BAND_DB / 10))[-1]
    return float(highest * sample_rate / size)


@cache
def _hann(size: int) -> np.ndarray:
    return np.hanning(size).astype(np.float32)
