"""Mixtures on the fly: example number n of a seed is always the same, whoever draws it and when."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import soxr

from pipeline.errors import ConfigError
from training import mixing, noises
from training.mixing import SNR_LIMITS
from training.rooms import Room
from training.sounds import RATE

CLEAN_SNR_DB = SNR_LIMITS[1]  # what is told for an example without noise
CLEAN_C50_DB = 60.0  # and for one without a room
VARIETIES = 400  # synthesised noises that are made once and used again
NOISE_SECONDS = 8


@dataclass(frozen=True)
class Recipe:
    """How examples are mixed. Shares are of all examples; ranges are drawn from evenly."""

    seconds: float = 4.0
    snr_db: tuple[float, float] = (-5.0, 25.0)
    level_dbfs: tuple[float, float] = (-42.0, -14.0)
    speed: tuple[float, float] = (0.9, 1.1)
    clean_share: float = 0.1
    room_share: float = 0.35
    band_share: float = 0.15
    codec_share: float = 0.05
    babble_share: float = 0.1
    target: str = "room"  # what the clean signal is of a speaker in a room: the speech in that "room", or the "direct"

    def __post_init__(self):
        for name in ("snr_db", "level_dbfs", "speed"):
            low, high = getattr(self, name)
            if low > high:
                raise ConfigError(f"{name}: expected the lower end first, found {low:g} and {high:g}.")
        low, high = SNR_LIMITS
        if not low <= self.snr_db[0] <= self.snr_db[1] <= high:
            found = f"{self.snr_db[0]:g} to {self.snr_db[1]:g}"
            raise ConfigError(f"snr_db: expected a range within {low:g} to {high:g} dB, found {found}: choose another.")


@dataclass(frozen=True)
class Example:
    """A pair (n,), in time with each other, at one level; `facts` say what went in."""

    noisy: np.ndarray
    clean: np.ndarray
    facts: dict = field(default_factory=dict)


@dataclass
class Materials:
    """What one part of a split draws from: recordings (n,) by reader, noises (n,) by name, rooms."""

    speech: dict[str, list[np.ndarray]]
    noises: dict[str, np.ndarray]
    rooms: list[Room]


@cache
def synthesised(seed: int, count: int = VARIETIES) -> dict[str, np.ndarray]:
    """`count` synthesised noises by name, each (n,) float16 to spare memory."""
    found = {}
    for number in range(count):
        families, sound = noises.draw(np.random.default_rng([seed, number]), NOISE_SECONDS * RATE)
        found[f"{families} {number}"] = (sound / np.abs(sound).max()).astype(np.float16)
    return found


def draw(materials: Materials, recipe: Recipe, seed: int, number: int) -> Example:
    """Example `number` of a seed."""
    rng = np.random.default_rng([seed, number])
    samples = round(recipe.seconds * RATE)
    reader = str(rng.choice(sorted(materials.speech)))
    dry = _speech(materials.speech[reader], recipe, samples, rng)
    room = materials.rooms[rng.integers(len(materials.rooms))] if materials.rooms else None
    room = room if rng.random() < recipe.room_share else None
    speech = mixing.in_room(dry, room.response) if room else dry
    clean = mixing.in_room(dry, room.direct) if room and recipe.target == "direct" else speech
    noise, name, snr_db = np.zeros_like(dry), "none", CLEAN_SNR_DB
    if rng.random() >= recipe.clean_share:
        name, noise = _noise(materials, recipe, samples, rng)
        snr_db = float(rng.uniform(*recipe.snr_db))
        noise = mixing.at_snr(speech, noise, snr_db)
    noisy = speech + noise
    if rng.random() < recipe.band_share:
        band = rng.uniform(50, 300), rng.choice([3400.0, rng.uniform(3000, 7500)])
        noisy, clean = (mixing.band_limited(signal, *band) for signal in (noisy, clean))
    noisy, clean = mixing.to_level([noisy, clean], speech, float(rng.uniform(*recipe.level_dbfs)))
    codec = "none"
    if rng.random() < recipe.codec_share:
        codec = str(rng.choice(mixing.CODECS))
        noisy = mixing.coded(noisy, codec)
    facts = {"speaker": reader, "noise": name, "snr_db": round(snr_db, 2), "codec": codec}
    facts |= {"room": room.name if room else "none", "c50_db": room.c50_db if room else CLEAN_C50_DB}
    return Example(noisy, clean, facts)


def _speech(recordings: list[np.ndarray], recipe: Recipe, samples: int, rng: np.random.Generator) -> np.ndarray:
    """A stretch of a reader, at a random speed (and so pitch), with silence around it where it is too short."""
    speed = rng.uniform(*recipe.speed)
    recording = recordings[rng.integers(len(recordings))]
    needed = int(samples * speed) + 1
    first = int(rng.integers(max(1, len(recording) - needed)))
    stretch = recording[first : first + needed]
    if speed != 1:
        stretch = soxr.resample(stretch, RATE * speed, RATE, quality="LQ")
    spare = samples - len(stretch)
    before = int(rng.integers(spare + 1)) if spare > 0 else 0
    return np.pad(stretch, (before, max(0, spare - before)))[:samples]


def _noise(materials: Materials, recipe: Recipe, samples: int, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    if rng.random() < recipe.babble_share:
        voices = [recordings[0] for recordings in materials.speech.values()]
        return "babble", noises.babble(rng, voices, samples)
    name = str(rng.choice(sorted(materials.noises)))
    noise = materials.noises[name].astype(np.float32)
    if rng.random() < 0.5:  # another size of the same thing
        factor = rng.uniform(0.7, 1.4)
        noise = soxr.resample(noise, RATE * factor, RATE, quality="LQ")
    stretch = mixing.looped(noise, samples, rng)
    # A noise of single blows may have none in this stretch: then its loudest moment comes first.
    return name, stretch if stretch.any() else np.resize(np.roll(noise, -int(np.abs(noise).argmax())), samples)
