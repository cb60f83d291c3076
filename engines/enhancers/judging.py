"""Whether an enhanced clip is better than it was: quality up, the same voice, no speech lost."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engines.protocols import Embedder

LEVEL_SECONDS = 0.032  # Silero's windows
SPEECH = 0.5  # probability above which a window holds speech


@dataclass(frozen=True)
class Heard:
    """What is measured of a clip: DNSMOS (background, overall), its voice as a vector, and which windows are speech."""

    background: float
    overall: float
    voice: np.ndarray | None  # of length 1; None where no voice is left
    speech: np.ndarray  # (windows,) bool


class Bars(Protocol):
    """What an enhanced clip has to reach; the section `enhance` of config.yaml says what each means."""

    noisy_below: float
    least_rise: float
    least_likeness: float
    most_lost_db: float


@dataclass(frozen=True)
class Chosen:
    """The bars that are shipped: of a grid, those with the highest mean PESQ on 80 mixtures of training speech with
    recorded noise, readers and noises that no model was trained on.
    """

    noisy_below: float = 3.6
    least_rise: float = 0.1
    least_likeness: float = 0.5
    most_lost_db: float = 4.0


@dataclass(frozen=True)
class Compared:
    """An enhanced clip against what it was made of. `lost_db`: how much quieter the speech became, at its median."""

    rise: float
    likeness: float
    lost_db: float
    speech_share: float


def compare(before: Heard, after: Heard, sounds: tuple[np.ndarray, np.ndarray], rate: int) -> Compared:
    """`sounds`: the clip before and after, (n,) at `rate`."""
    levels = [window_levels(sound, rate) for sound in sounds]
    windows = min(len(before.speech), *(len(level) for level in levels))
    speech = before.speech[:windows]
    fall = (levels[0][:windows] - levels[1][:windows])[speech]
    kept = np.mean(after.speech[:windows][speech]) if speech.any() else 1.0
    return Compared(
        rise=after.overall - before.overall,
        likeness=-1.0 if before.voice is None or after.voice is None else float(np.dot(before.voice, after.voice)),
        lost_db=float(np.median(fall)) if len(fall) else 0.0,
        speech_share=float(kept),
    )


def window_levels(sound: np.ndarray, rate: int) -> np.ndarray:
    """Levels in dB of windows of LEVEL_SECONDS, (windows,)."""
    size = round(LEVEL_SECONDS * rate)
    whole = len(sound) // size
    power = np.mean(np.square(sound[: whole * size], dtype=np.float64).reshape(whole, size), axis=1)
    return 10 * np.log10(power + 1e-10)


LEAST_SPEECH = 0.8  # share of the windows with speech that still hold some
MOST_GAINED_DB = 1.0  # a version that is louder by more, at the speech, holds what separation had taken out


def fault(result: Compared, bars: Bars) -> str | None:
    """Why a clip stays as it was; None where the enhanced one is better."""
    if result.rise < bars.least_rise:
        return "no better"
    if result.likeness < bars.least_likeness:
        return "another voice"
    if result.lost_db > bars.most_lost_db or result.speech_share < LEAST_SPEECH:
        return "speech lost"
    if -result.lost_db > MOST_GAINED_DB:
        return "background came back"
    return None


class Judge:
    """The models that measure, loaded once. Clips are (n,) float32 at SAMPLE_RATE."""

    SAMPLE_RATE = 16000

    def __init__(self, embedder: Embedder, device: str):
        from engines.dnsmos.onnx import Rater
        from engines.silero.onnx import Vad

        self.embedder, self.rater, self.vad = embedder, Rater(1, device), Vad(device)

    def background(self, clip: np.ndarray) -> tuple[float, float]:
        """DNSMOS of the background and overall."""
        _, background, overall = self.rater.rate([clip])[0]
        return float(background), float(overall)

    def hear(self, clip: np.ndarray, ratings: tuple[float, float] | None = None) -> Heard:
        """All that is measured of a clip; `ratings` as `background` gave them, where they are known."""
        (embedding,) = self.embedder.embed([clip])
        background, overall = ratings or self.background(clip)
        return Heard(background, overall, embedding.vector, self.speech(clip))

    def speech(self, clip: np.ndarray) -> np.ndarray:
        """Which windows of LEVEL_SECONDS hold speech, (windows,) bool."""
        stream = self.vad.stream()
        stream.push(clip)
        return stream.probability() > SPEECH
