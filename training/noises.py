"""Synthesised noises: families of sounds drawn at random, for training on what needs nobody's licence.

Every family is a function (generator, samples) -> (n,) float at RATE, of any level; `draw` mixes one or two of them.
"""

from collections.abc import Callable

import numpy as np
from scipy import signal

from training.sounds import RATE

Draw = Callable[[np.random.Generator, int], np.ndarray]


def coloured(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Noise of a random spectrum: a slope of -12 to +3 dB per octave and a few bumps. Fans, streets, rooms."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    octaves = np.log2(np.fft.rfftfreq(samples, 1 / RATE).clip(20) / 1000)
    knots = np.linspace(octaves[0], octaves[-1], rng.integers(4, 10))
    level_db = octaves * rng.uniform(-12, 3) + np.interp(octaves, knots, rng.normal(0, 6, len(knots)))
    return np.fft.irfft(spectrum * 10 ** (level_db / 20), samples)


def swelling(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Coloured noise whose level wanders. Wind, surf, passing cars, applause."""
    return coloured(rng, samples) * _envelope(rng, samples, rng.uniform(0.2, 8), rng.uniform(3, 12))


def engine(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Harmonics of a wandering fundamental, with noise that beats at the same rate. Motors, saws, mains hum."""
    steady = rng.random() < 0.3
    base = rng.choice([50.0, 60.0]) if steady else rng.uniform(20, 400)
    glide = 1 + (0 if steady else 0.1) * _wander(rng, samples, rng.uniform(0.1, 2))
    phase = np.cumsum(2 * np.pi * base * glide / RATE)
    count = int(min(40, 0.45 * RATE / base))
    levels = 10 ** (-rng.uniform(0.3, 1.5) * np.log2(np.arange(1, count + 1)) / 2 + rng.normal(0, 0.2, count))
    tone = sum(level * np.sin(n * phase + rng.uniform(0, 6.28)) for n, level in enumerate(levels, 1))
    beat = 1 + 0.8 * np.sin(phase)
    return tone / _rms(tone) + rng.uniform(0, 1.5) * _unit(coloured(rng, samples)) * beat


def alarm(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Beeps and sweeps of one or two tones. Telephones, sirens, horns."""
    time = np.arange(samples) / RATE
    rate = rng.uniform(0.5, 12)
    centre, depth = rng.uniform(300, 4000), rng.choice([0, 0, 0.05, 0.4])
    shape = signal.sawtooth if rng.random() < 0.5 else np.sin
    phase = 2 * np.pi * np.cumsum(centre * (1 + depth * shape(2 * np.pi * rate * time))) / RATE
    tone = sum(level * np.sin(n * phase) for n, level in enumerate(rng.dirichlet(np.ones(4)), 1))
    gate = signal.square(2 * np.pi * rng.uniform(0.5, 8) * time, rng.uniform(0.2, 1.0)) > 0
    return tone * np.convolve(gate, np.hanning(81) / 40, "same")


def impacts(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Struck things: short bursts of coloured noise or of ringing partials. Steps, keys, doors, bells, drops."""
    rings = rng.random() < 0.5
    sound = np.zeros(samples)
    decay = rng.uniform(0.003, 0.08) if not rings else rng.uniform(0.01, 0.8)
    length = int(min(samples, 6 * decay * RATE))
    at, gap = int(rng.uniform(0, 0.5) * RATE), rng.uniform(0.02, 1.0)
    fade = np.exp(-np.arange(length) / (decay * RATE))
    bursts = [_partials(rng, length) if rings else coloured(rng, length) for _ in range(4)]
    while at < samples:
        burst = (bursts[rng.integers(4)] * fade * rng.lognormal(0, 0.5))[: samples - at]
        sound[at : at + len(burst)] += burst
        at += max(20, int(RATE * gap * (rng.uniform(0.8, 1.2) if rng.random() < 0.5 else rng.exponential())))
    return sound + rng.uniform(0, 0.05) * _unit(coloured(rng, samples)) * _rms(sound)


def calls(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Gliding harmonics in short calls, through a resonance or two. Birds, dogs, cries, brakes."""
    sound = np.zeros(samples)
    base, at = rng.uniform(150, 3500), int(rng.uniform(0, 0.5) * RATE)
    while at < samples:
        length = int(rng.uniform(0.05, 0.7) * RATE)
        ends = base * rng.uniform(0.6, 1.6, 3)
        glide = np.interp(np.linspace(0, 2, length), [0, 1, 2], ends)
        phase = np.cumsum(2 * np.pi * glide / RATE)
        count = int(max(1, min(12, 0.45 * RATE / ends.max())))
        call = sum(np.sin(n * phase) / n ** rng.uniform(0.3, 2) for n in range(1, count + 1)) * np.hanning(length)
        part = call[: samples - at]
        sound[at : at + len(part)] += part * rng.lognormal(0, 0.4)
        at += length + int(rng.exponential(0.5) * RATE)
    peak = signal.iirpeak(rng.uniform(400, 4000), rng.uniform(1, 6), fs=RATE)
    return sound + 2 * signal.lfilter(*peak, sound)


def music(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Chords of harmonic tones with soft or struck attacks, and now and then a drum."""
    sound = np.zeros(samples)
    root, step = rng.uniform(80, 300), int(rng.uniform(0.15, 0.8) * RATE)
    scale = root * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16]) / 12)
    for at in range(0, samples, step):
        length = min(samples - at, int(step * rng.uniform(0.8, 2.5)))
        time = np.arange(length) / RATE
        envelope = np.exp(-time * rng.uniform(0.5, 6)) * np.minimum(1, time / rng.uniform(0.002, 0.08))
        for pitch in rng.choice(scale, rng.integers(1, 4), replace=False):
            for n in range(1, int(min(12, 0.45 * RATE / pitch)) + 1):
                sound[at : at + length] += envelope * np.sin(2 * np.pi * n * pitch * time) / n**1.3
    return sound + (rng.random() < 0.4) * 0.5 * _unit(impacts(rng, samples)) * _rms(sound)


FAMILIES: dict[str, Draw] = {
    family.__name__: family for family in (coloured, swelling, engine, alarm, impacts, calls, music)
}


def draw(rng: np.random.Generator, samples: int) -> tuple[str, np.ndarray]:
    """(families, (n,) float32 of RMS 1): one family, or two at unequal levels."""
    names = rng.choice(list(FAMILIES), 1 if rng.random() < 0.6 else 2, replace=False)
    parts = [_unit(FAMILIES[name](rng, samples)) * 10 ** (rng.uniform(-12, 0) / 20) for name in names]
    return "+".join(names), _unit(np.sum(parts, axis=0)).astype(np.float32)


def babble(rng: np.random.Generator, voices: list[np.ndarray], samples: int) -> np.ndarray:
    """Many voices at once, (n,) float32 of RMS 1, from recordings of single ones."""
    total = np.zeros(samples)
    for number in rng.choice(len(voices), min(len(voices), rng.integers(4, 10)), replace=False):
        voice = np.resize(np.roll(voices[number], rng.integers(len(voices[number]))), samples)
        total += _unit(voice) * 10 ** (rng.uniform(-6, 0) / 20)
    return _unit(total).astype(np.float32)


def _partials(rng: np.random.Generator, length: int) -> np.ndarray:
    time = np.arange(length) / RATE
    pitches = rng.uniform(200, 6000, rng.integers(1, 6))
    return sum(np.sin(2 * np.pi * pitch * time) * np.exp(-time * rng.uniform(0, 20)) for pitch in pitches)


def _wander(rng: np.random.Generator, samples: int, hz: float) -> np.ndarray:
    """A random walk of unit variance about 0 that changes `hz` times a second."""
    points = rng.standard_normal(int(samples / RATE * hz) + 4)
    return np.interp(np.arange(samples) * (len(points) - 1) / samples, np.arange(len(points)), points)


def _envelope(rng: np.random.Generator, samples: int, hz: float, depth_db: float) -> np.ndarray:
    return 10 ** (depth_db * _wander(rng, samples, hz) / 20)


def _rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound)))) + 1e-12


def _unit(sound: np.ndarray) -> np.ndarray:
    return sound / _rms(sound)
