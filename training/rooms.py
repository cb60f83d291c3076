"""Room responses: simulated rectangular rooms (image method), or measured ones from a folder.

A response is (n,) float32 with its direct sound at index 0 and of unit energy in the first 50 ms' worth of C50.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.errors import ConfigError
from training.sounds import RATE, SUFFIXES, read

EARLY = round(0.05 * RATE)  # samples: what of a response helps to understand speech (ISO 3382-1, C50)
DIRECT = round(0.0025 * RATE)  # samples around the strongest path that are the direct sound
LONGEST = RATE  # samples of a response that are kept
HIGHEST_ORDER = 12  # reflections that are followed: more cost minutes and sound alike


@dataclass(frozen=True)
class Room:
    """A response that begins with the direct sound, of energy 1; C50 in dB; what it is, for the card."""

    response: np.ndarray
    c50_db: float
    name: str

    @property
    def direct(self) -> np.ndarray:
        """The direct sound alone."""
        return self.response[:DIRECT]


def trimmed(response: np.ndarray, name: str) -> Room:
    """A room from a raw response (n,): cut to the direct sound, scaled to energy 1."""
    start = max(0, int(np.argmax(np.abs(response))) - DIRECT // 4)
    kept = response[start : start + LONGEST].astype(np.float64)
    energy = float(np.sum(kept**2))
    if not energy:
        raise ConfigError(f"The room response {name} is silent: take it out.")
    late = float(np.sum(kept[EARLY:] ** 2)) / energy
    c50 = 10 * np.log10((1 - late + 1e-9) / (late + 1e-9))
    return Room((kept / np.sqrt(energy)).astype(np.float32), round(float(c50), 2), name)


@cache
def simulated(count: int, seed: int) -> list[Room]:
    """`count` rooms of 2.5 to 12 m with a reverberation time of 0.15 to 0.9 s and a microphone at 0.4 to 3 m."""
    if not count:
        return []
    import pyroomacoustics

    rng = np.random.default_rng(seed)
    rooms = []
    while len(rooms) < count:
        size = rng.uniform([2.5, 2.5, 2.4], [12, 9, 4])
        rt60 = rng.uniform(0.15, 0.9)
        try:
            absorption, order = pyroomacoustics.inverse_sabine(rt60, size)
        except ValueError:  # no walls are absorbent enough for so short a time in so large a room
            continue
        room = pyroomacoustics.ShoeBox(
            size,
            fs=RATE,
            materials=pyroomacoustics.Material(absorption),
            max_order=min(order, HIGHEST_ORDER),
            air_absorption=True,
        )
        source = rng.uniform(0.4, size - 0.4)
        away = rng.standard_normal(3) * [1, 1, 0.3]
        microphone = source + away / np.linalg.norm(away) * rng.uniform(0.4, 3)
        if np.any(microphone < 0.2) or np.any(microphone > size - 0.2):
            continue
        room.add_source(source)
        room.add_microphone(microphone)
        room.compute_rir()
        rooms.append(trimmed(room.rir[0][0], f"simulated {rt60:.2f} s"))
    return rooms


def measured(folder: Path) -> list[Room]:
    """The responses of a folder. Raises ConfigError where it holds none."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise ConfigError(f"The folder of room responses {folder} holds no sound ({', '.join(SUFFIXES)}).")
    return [trimmed(read(path), path.stem) for path in paths]
