"""A made-up set that is named as RAVDESS: sounds with the pitch, rate and brightness of voices, calm and aroused."""

from pathlib import Path

import numpy as np
import soundfile
from scipy import signal

RATE = 16000
SECONDS = 1.6
CODES = {"neutral": "01", "angry": "05", "sad": "04"}
# Pitch, syllables a second and brightness, as factors of the speaker's own.
WAYS = {"neutral": (1.0, 1.0, 1.0), "angry": (1.5, 1.4, 2.2), "sad": (0.85, 0.7, 0.6)}


def sound(tone: str, actor: int, number: int) -> np.ndarray:
    """A clip (n,): syllables of a buzz through two resonances, in noise of -50 dB."""
    random = np.random.default_rng([actor, number, list(WAYS).index(tone)])
    pitch, rate, bright = (factor * random.uniform(0.94, 1.06) for factor in WAYS[tone])
    time = np.arange(round(SECONDS * RATE)) / RATE
    hertz = (110 + 25 * (actor % 5)) * pitch * (1 + 0.08 * np.sin(2 * np.pi * 1.5 * time + actor))
    buzz = signal.sawtooth(2 * np.pi * np.cumsum(hertz) / RATE)
    low = signal.lfilter(*signal.iirpeak(500 + 20 * actor, 4, fs=RATE), buzz)
    high = signal.lfilter(*signal.iirpeak(2200 + 30 * actor, 6, fs=RATE), buzz)
    syllables = 0.5 - 0.5 * np.cos(2 * np.pi * 3.5 * rate * time + number)
    return (low + bright * high) * syllables * 0.2 + random.normal(0, 1e-3, len(time))


def name(tone: str, actor: int, number: int) -> str:
    return f"03-01-{CODES[tone]}-01-{number // 9 + 1:02d}-{number % 9 + 1:02d}-{actor:02d}.wav"


def make(folder: Path, actors: int, clips: int, tones: tuple[str, ...] = ("neutral", "angry")) -> Path:
    """Actor_NN/NAME.wav of so many clips in each tone."""
    for actor in range(1, actors + 1):
        place = folder / f"Actor_{actor:02d}"
        place.mkdir(parents=True)
        for tone in tones:
            for number in range(clips):
                soundfile.write(place / name(tone, actor, number), sound(tone, actor, number), RATE, "PCM_16")
    return folder
