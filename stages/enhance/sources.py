"""What a clip is made better from: its place in the separated voice, or in the recording itself."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from engines import spans
from engines.enhancers.spectral import Profile, profile
from engines.enhancers.stft import FRAME
from pipeline import audio
from pipeline.errors import VoxsieveError

RATE = 16000  # of a noise profile
PROFILE_SECONDS = 10.0  # of a recording's noise that make its profile
LEAST_SECONDS = 0.3


def of_mixture(path: Path, rows: list[dict], rate: int) -> Iterator[tuple[dict, np.ndarray]]:
    """(row, its samples (n,) in a recording) for rows in the order of their start; the file is decoded once."""
    waiting = sorted(rows, key=lambda row: row["start"])
    if not waiting:
        return
    held, first = np.zeros(0, np.float32), 0  # samples that a clip still wants, and which sample they begin at
    for block in audio.decode_mono(path, rate, waiting[0]["downmix"]):
        held = np.concatenate([held, block])
        while waiting and round(waiting[0]["end"] * rate) <= first + len(held):
            yield waiting[0], _cut(held, first, waiting.pop(0), rate)
        if not waiting:
            return
        spare = min(len(held), max(0, round(waiting[0]["start"] * rate) - first))
        held, first = held[spare:], first + spare
    for row in waiting:  # its end lies beyond what could be decoded
        yield row, _cut(held, first, row, rate)


def _cut(held: np.ndarray, first: int, row: dict, rate: int) -> np.ndarray:
    start, stop = (max(0, round(row[name] * rate) - first) for name in ("start", "end"))
    cut = held[start:stop]
    return np.pad(cut, (0, round(row["end"] * rate) - round(row["start"] * rate) - len(cut)))


def noise_profile(
    wanted: str | list[float] | None, path: Path, labels: Path, downmix: list, gain: float = 1.0
) -> Profile | None:
    """The profile that `enhance.profile` names for the sound at `path`; from the spans of noise in a CSV where it names
    none; None where there is too little noise.

    Raises VoxsieveError where a named stretch has no sound.
    """
    if isinstance(wanted, str):
        noise = audio.concatenated(audio.decode_mono(Path(wanted), RATE))
        return _profile(noise, f"enhance.profile: {wanted}")
    if isinstance(wanted, list):
        places, where = [(wanted[0], wanted[1])], f"enhance.profile: {wanted} of {path.name}"
    else:
        places = [(start, stop) for label, start, stop in spans.read_csv(labels) if label == "noise"]
        where = ""
    noise = _stretches(audio.decode_mono(path, RATE, downmix), places) / np.float32(gain)
    if not where and (len(noise) < LEAST_SECONDS * RATE or not noise.any()):
        return None
    return _profile(noise, where)


def _stretches(blocks: Iterable[np.ndarray], places: list[tuple[float, float]]) -> np.ndarray:
    """The first PROFILE_SECONDS of the places (seconds) of a signal that comes in blocks."""
    kept, total, first = [], 0, 0
    for block in blocks:
        for start, stop in places:
            part = block[max(0, round(start * RATE) - first) : max(0, round(stop * RATE) - first)]
            kept.append(part)
            total += len(part)
        first += len(block)
        if total >= PROFILE_SECONDS * RATE or (places and first >= max(stop for _, stop in places) * RATE):
            break
    return audio.concatenated(kept)[: round(PROFILE_SECONDS * RATE)]


def _profile(noise: np.ndarray, where: str) -> Profile:
    if len(noise) < FRAME or not noise.any():
        raise VoxsieveError(f"{where}: no noise is heard there, expected at least 0.1 s: name another stretch or file.")
    return profile(noise)
