"""Low-pass, high-pass and notches as second-order sections.

A Butterworth filter of slope S dB/octave has order S/6 and loses 3.01 dB at its cutoff; `passes` of it lose
passes times as much everywhere. With zero phase, half of the passes run backwards, so the total slope is the same.
"""

import numpy as np

from pipeline.errors import ConfigError
from stages.filter.settings import Filter, Slope


def sections(settings: Filter, sample_rate: int) -> np.ndarray:
    """All second-order sections (n, 6) that the settings ask for; with zero phase each of them runs both ways."""
    parts = [notch(place.frequency_hz, place.q, sample_rate) for place in settings.notches]
    for kind, slope in (("lowpass", settings.low_pass), ("highpass", settings.high_pass)):
        if slope:
            parts.insert(0, butterworth(kind, slope, sample_rate, settings.zero_phase))
    return np.concatenate([np.zeros((0, 6)), *parts])


def butterworth(kind: str, slope: Slope, sample_rate: int, zero_phase: bool) -> np.ndarray:
    """The second-order sections (n, 6) of a "lowpass" or "highpass", to run forwards and for zero phase backwards too.

    Raises ConfigError for a cutoff at or above Nyquist, or a slope that cannot be halved.
    """
    from scipy import signal

    if not 0 < slope.cutoff_hz < sample_rate / 2:
        raise ConfigError(
            f"filter: {kind} cutoff {slope.cutoff_hz:g} Hz is not between 0 and the Nyquist frequency of the "
            f"clips, {sample_rate / 2:g} Hz: choose another."
        )
    order, rest = divmod(slope.slope_db_per_octave, 6)
    whole, half = divmod(slope.passes, 2) if zero_phase else (slope.passes, 0)
    if rest or order < 1 or (half and order % 2):
        raise ConfigError(
            f"filter: {kind} slope {slope.slope_db_per_octave} dB/octave is not a multiple of "
            f"{12 if half else 6}: choose one that is."
        )
    orders = [order] * whole + [order // 2] * half
    return np.concatenate([signal.butter(n, slope.cutoff_hz, kind, fs=sample_rate, output="sos") for n in orders])


def notch(frequency_hz: float, q: float, sample_rate: int) -> np.ndarray:
    """One second-order section (1, 6) that removes `frequency_hz`; its -3 dB bandwidth is frequency / q."""
    from scipy import signal

    nyquist = sample_rate / 2
    if not (0 < frequency_hz < nyquist and q > 0):
        raise ConfigError(
            f"filter: notch {frequency_hz:g} Hz is not between 0 and the Nyquist frequency of the clips, "
            f"{nyquist:g} Hz, or its Q, {q:g}, not above 0: choose another."
        )
    return signal.tf2sos(*signal.iirnotch(frequency_hz, q, fs=sample_rate))
