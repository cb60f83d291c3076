"""Pure functions that make a noisy signal of a clean one: levels, ratios, bands, codecs. Signals are (n,) at RATE."""

import io

import numpy as np

from pipeline.errors import ConfigError
from training.sounds import RATE

FRAME = RATE // 50  # samples whose power is measured at once, 20 ms
ACTIVE_DB = 30  # a frame this far below the loudest is a pause
SNR_LIMITS = (-40.0, 60.0)  # dB: beyond, one of the two is below the rounding of 16 bits
CODECS = ("mu-law", "vorbis")


def active_power(speech: np.ndarray) -> float:
    """The mean power of the frames that hold speech; 0 for silence. The power of all where there is no whole frame."""
    whole = len(speech) // FRAME
    if not whole:
        return float(np.mean(np.square(speech))) if len(speech) else 0.0
    powers = np.mean(np.square(speech[: whole * FRAME].astype(np.float64)).reshape(whole, FRAME), axis=1)
    return float(np.mean(powers[powers >= powers.max() / 10 ** (ACTIVE_DB / 10)]))


def at_snr(speech: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """The noise scaled so that the speech, while it is active, is `snr_db` above the noise's mean power.

    Raises ConfigError for a ratio that no sound can have, for silence, or for signals of unequal length.
    """
    if not SNR_LIMITS[0] <= snr_db <= SNR_LIMITS[1]:
        low, high = SNR_LIMITS
        raise ConfigError(f"A signal-to-noise ratio of {snr_db:g} dB is impossible: give one from {low:g} to {high:g}.")
    if len(speech) != len(noise):
        raise ConfigError(f"Speech has {len(speech)} samples and noise {len(noise)}: cut them to one length.")
    powers = active_power(speech), float(np.mean(np.square(noise.astype(np.float64)))) if len(noise) else 0.0
    if not min(powers):
        silent = "speech" if not powers[0] else "noise"
        raise ConfigError(f"The {silent} is silent, so that no ratio can be set: take that file out.")
    return (noise * np.sqrt(powers[0] / powers[1] / 10 ** (snr_db / 10))).astype(np.float32)


def looped(noise: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """`samples` of a noise from a random place on; a shorter one is repeated."""
    if not len(noise):
        raise ConfigError("A noise has no samples: take that file out.")
    first = int(rng.integers(len(noise)))
    return np.resize(np.roll(noise, -first), samples) if len(noise) < first + samples else noise[first:][:samples]


def in_room(signal: np.ndarray, response: np.ndarray) -> np.ndarray:
    """A signal as heard in a room: the same length, in time with the direct sound."""
    from scipy.signal import oaconvolve

    return oaconvolve(signal, response)[: len(signal)].astype(np.float32)


def band_limited(signal: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """A signal without what lies outside a band, without delay."""
    from scipy.signal import butter, sosfiltfilt

    high = min(high_hz, 0.49 * RATE)
    sections = butter(4, [low_hz, high], "bandpass", fs=RATE, output="sos")
    return sosfiltfilt(sections, signal, padlen=min(len(signal) - 1, 3 * FRAME)).astype(np.float32)


def coded(signal: np.ndarray, codec: str) -> np.ndarray:
    """A signal after a codec of CODECS: the same length, in time."""
    import soundfile

    signal = np.clip(signal, -1, 1)
    if codec == "mu-law":  # ITU-T G.711's curve, 8 bits
        pressed = np.sign(signal) * np.log1p(255 * np.abs(signal)) / np.log(256)
        rounded = np.round(pressed * 127) / 127
        return (np.sign(rounded) * np.expm1(np.abs(rounded) * np.log(256)) / 255).astype(np.float32)
    data = io.BytesIO()
    soundfile.write(data, signal, RATE, format="OGG", subtype="VORBIS", compression_level=0.9)
    data.seek(0)
    back, _ = soundfile.read(data, dtype="float32")
    return np.pad(back, (0, max(0, len(signal) - len(back))))[: len(signal)]


def to_level(signals: list[np.ndarray], reference: np.ndarray, dbfs: float) -> list[np.ndarray]:
    """Signals by one gain that brings the reference to an active level of `dbfs`, or as near as none of them clips."""
    power = active_power(reference)
    gain = 10 ** (dbfs / 20) / np.sqrt(power) if power else 1.0
    peak = max((float(np.abs(signal).max(initial=0)) for signal in signals), default=0.0)
    gain = min(gain, 0.99 / peak) if peak else gain
    return [(signal * gain).astype(np.float32) for signal in signals]
