"""How a voice speaks in a clip, as one vector: pitch, voice quality, spectral balance, timbre, rhythm.

None of it depends on the level of the recording. A descriptor that cannot be measured is NaN; normalised per speaker
(engines/tone/normalization.py) it becomes the speaker's mean. Sources: the kinds of descriptors are those of Eyben et
al. 2016, "The Geneva minimalistic acoustic parameter set", and of Juslin & Laukka 2003, "Communication of emotions in
vocal expression"; the definitions are ours.
"""

from functools import cache
from pathlib import Path

import numpy as np

from engines.tone.frames import FRAMES_A_SECOND, HERTZ, Frames, decibels, frames
from engines.tone.statistics import modulations, runs, slope, statistics

BASE_HZ = 55.0  # of semitones
OCTAVES_OFF = 14.0  # semitones from the median: farther off, the tracker has lost the voice
JUMP = 2.0  # semitones from frame to frame: more is no glide
CEPSTRA = 13
TILTS = ((0, 500), (500, 1500), (1500, 4000))  # Hz
MODULATED = ((0, 8), (8, 20), (20, 32), (32, 40))  # mel bands
SYLLABLE_DB = 3.0  # how far a nucleus stands out
SMOOTH_FRAMES = 9


def vector(clip: np.ndarray) -> np.ndarray | None:
    """The descriptors of a clip (n,) float32 at 16 kHz in the order of `names`; None where there is no voice."""
    heard = frames(clip)
    return None if heard is None else np.array(list(describe(heard).values()), np.float32)


@cache
def names() -> tuple[str, ...]:
    """The names of the descriptors, in the order of the vector: the keys that `describe` gives, kept in a table.

    Only what measures a sound loads scipy.signal, which takes a second.
    """
    return tuple(Path(__file__).with_suffix(".csv").read_text(encoding="utf-8").split()[1:])


def describe(heard: Frames) -> dict[str, float]:
    """All descriptors by name."""
    return pitch(heard) | quality(heard) | balance(heard) | timbre(heard) | rhythm(heard)


def pitch(heard: Frames) -> dict[str, float]:
    """F0 in semitones, and how it glides and trembles from frame to frame."""
    semitones = 12 * np.log2(heard.f0[heard.voiced] / BASE_HZ)
    sure = np.abs(semitones - np.median(semitones)) < OCTAVES_OFF
    neighbours = np.diff(np.flatnonzero(heard.voiced)) == 1
    steps = np.diff(semitones)[neighbours]
    steps = steps[np.abs(steps) < JUMP]
    return statistics("pitch", semitones[sure]) | {
        "glide.mean": mean(np.abs(steps)),
        "glide.p95": float(np.percentile(np.abs(steps), 95)) if len(steps) else np.nan,
        "glide.rising": mean(steps > 0.1),
        "tremble": mean(np.abs(np.diff(steps))),
    }


def quality(heard: Frames) -> dict[str, float]:
    """Harmonics against noise, the first harmonics against each other and against the formants, shimmer."""
    periodic = heard.correlation[heard.voiced].clip(0.01, 0.9999)
    power = heard.power[heard.voiced]
    first, second = (harmonic(power, number * heard.f0[heard.voiced]) for number in (1, 2))
    steps = np.diff(heard.energy_db)[heard.voiced[1:]]
    return (
        statistics("harmonicity", 10 * np.log10(periodic / (1 - periodic)))
        | statistics("h1_h2", first - second)
        | statistics("h1_low", first - peak(power, 300, 1000))
        | statistics("h1_high", first - peak(power, 2000, 4000))
        | statistics("energy", heard.energy_db[heard.sounding])
        | {"shimmer": mean(np.abs(steps)), "energy.speed": float(np.gradient(heard.energy_db)[heard.sounding].std())}
    )


def balance(heard: Frames) -> dict[str, float]:
    """Where the power of voiced frames lies in the spectrum, and how the spectrum changes."""
    power = heard.power[heard.voiced]
    total = power.sum(axis=1)
    share = power / total[:, None]
    figures = statistics("alpha", band(power, 1000, 5000) - band(power, 50, 1000))
    figures |= statistics("hammarberg", peak(power, 0, 2000) - peak(power, 2000, 5000))
    for low, high in TILTS:
        inside = (low <= HERTZ) & (high >= HERTZ)
        kilohertz = (HERTZ[inside] - HERTZ[inside].mean()) / 1000
        tilt = decibels(power[:, inside]) @ kilohertz / (kilohertz @ kilohertz)
        figures |= statistics(f"tilt_{low}", tilt)
    figures |= statistics("centroid", np.log2(share @ HERTZ))
    figures |= statistics("rolloff", np.log2(1 + (np.cumsum(share, axis=1) < 0.85).sum(axis=1)))
    figures |= statistics("entropy", -(share * np.log(share)).sum(axis=1))
    shape = np.sqrt(heard.power / heard.power.sum(axis=1, keepdims=True))
    flux = np.sqrt((np.diff(shape, axis=0) ** 2).sum(axis=1))
    return figures | statistics("flux", flux[heard.sounding[1:]])


def timbre(heard: Frames) -> dict[str, float]:
    """Cepstra (with their movement) and mel bands."""
    from scipy import fft

    cepstra = fft.dct(heard.mel_db, norm="ortho", axis=1)[:, 1 : CEPSTRA + 1]
    speed = np.gradient(cepstra, axis=0)
    change = np.gradient(speed, axis=0)
    figures = {}
    for number in range(CEPSTRA):
        voiced, sounding = cepstra[heard.voiced, number], cepstra[heard.sounding, number]
        low, middle, high = np.percentile(voiced, (10, 50, 90))
        values = {"mean": voiced.mean(), "spread": voiced.std(), "p10": low, "p50": middle, "p90": high}
        values |= {"slope": slope(voiced), "all": sounding.mean(), "all_spread": sounding.std()}
        values |= {"speed": speed[heard.sounding, number].std(), "change": change[heard.sounding, number].std()}
        figures |= {f"cepstrum{number + 1}.{name}": float(value) for name, value in values.items()}
    bands = heard.mel_db[heard.sounding].reshape(heard.sounding.sum(), -1, 2).mean(axis=2)
    for number, levels in enumerate(bands.T):
        values = {"mean": levels.mean(), "spread": levels.std(), "p90": np.percentile(levels, 90)}
        figures |= {f"band{number}.{name}": float(value) for name, value in values.items()}
    return figures


def rhythm(heard: Frames) -> dict[str, float]:
    """Syllables a second, lengths of voiced and unvoiced stretches, and the speeds at which the bands move."""
    from scipy import signal

    window = np.hanning(SMOOTH_FRAMES)
    level = np.convolve(np.maximum(heard.energy_db, -40), window / window.sum(), "same")
    nuclei, _ = signal.find_peaks(level, prominence=SYLLABLE_DB)
    syllables = heard.voiced[nuclei].sum()
    spoken = heard.sounding.sum() / FRAMES_A_SECOND
    voiced, unvoiced = runs(heard.voiced), runs(~heard.voiced)
    figures = {
        "rate": syllables / spoken,
        "rate.with_pauses": syllables / (len(level) / FRAMES_A_SECOND),
        "voiced.length": mean(voiced),
        "voiced.spread": spread(voiced),
        "voiced.longest": voiced.max(),
        "voiced.share": heard.voiced.mean(),
        "voiced.rate": len(voiced) / spoken,
        "unvoiced.length": mean(unvoiced),
        "unvoiced.spread": spread(unvoiced),
        "sounding.share": heard.sounding.mean(),
    }
    envelopes = [heard.mel_db[:, low:high].mean(axis=1) for low, high in MODULATED] + [heard.energy_db]
    for number, envelope in enumerate(envelopes):
        figures |= modulations(f"modulation{number}", envelope)
    return {name: float(value) for name, value in figures.items()}


def harmonic(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """The level in dB of (frames, 257) at a frequency of each frame (frames,): the strongest of three bins."""
    bins = np.round(hertz / HERTZ[1]).astype(int)
    beside = [(bins + step).clip(0, len(HERTZ) - 1) for step in (-1, 0, 1)]
    return decibels(np.max([power[np.arange(len(power)), at] for at in beside], axis=0))


def band(power: np.ndarray, low: float, high: float) -> np.ndarray:
    """The level in dB of the frames (frames, 257) between two frequencies."""
    return decibels(power[:, (low <= HERTZ) & (high > HERTZ)].sum(axis=1))


def peak(power: np.ndarray, low: float, high: float) -> np.ndarray:
    """The level in dB of the strongest bin between two frequencies, of frames (frames, 257)."""
    return decibels(power[:, (low <= HERTZ) & (high > HERTZ)].max(axis=1))


def mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan


def spread(values: np.ndarray) -> float:
    return float(values.std()) if len(values) else np.nan
