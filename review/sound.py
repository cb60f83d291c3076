"""What is heard and seen of a clip and its surroundings: samples, WAV bytes, levels, pictures; bounded in length."""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from pipeline import audio, clips, manifest
from stages.report import spectrograms
from stages.report.sound import Piece, samples

RATE = 22050
AROUND = 3.0  # seconds shown and played before and after a clip
LONGEST = 60.0
HOP = 0.01  # seconds of a level
FLOOR_DB = -90


@dataclass(frozen=True)
class Recording:
    """Where a recording's files are, and how its channels become one."""

    source: Path
    vocals: Path
    gain: float
    downmix: tuple
    duration: float


class Sounds:
    """The sounds of a work folder's recordings."""

    def __init__(self, work: Path):
        self.work = work
        self._known: dict[str, Recording] = {}

    def recording(self, name: str) -> Recording | None:
        """A recording by its id; all manifests are read at the first question."""
        if not self._known:
            for shard in manifest.shards(self.work):
                for row in manifest.lines(manifest.of_shard(self.work, "separate", shard)):
                    downmix = tuple(map(tuple, row["downmix"]))
                    files = (self.work / row["mixture"], self.work / row["path"])
                    self._known[row["id"]] = Recording(*files, row["gain"], downmix, row["duration"])
        return self._known.get(name)

    def stretch(self, clip: dict) -> tuple[float, float]:
        """Start and end of a clip with its surroundings."""
        known = self.recording(clip["recording"])
        end = min(clip["end"] + AROUND, known.duration if known else clip["end"], clip["start"] + LONGEST)
        return max(clip["start"] - AROUND, 0.0), end

    @lru_cache(maxsize=16)  # noqa: B019, one per process
    def samples(self, recording: str, start: float, end: float, which: str) -> np.ndarray:
        """(n,) float32 at RATE of a stretch of the "source" or its "vocals"; silence where the recording is unknown."""
        known = self.recording(recording)
        if known is None:
            return np.zeros(round((end - start) * RATE), np.float32)
        if which == "source":
            how = [name for second, name in known.downmix if second <= start + AROUND][-1]
            heard = samples(Piece(known.source, start, end - start, how), RATE)
            return np.zeros(0, np.float32) if heard is None else heard
        row = {"path": known.vocals.relative_to(self.work), "sample_rate": audio.WORK_RATE, "gain": known.gain}
        row |= {"start": start, "end": end, "downmix": [list(part) for part in known.downmix]}
        return audio.resample(clips.place(row, self.work), audio.WORK_RATE, RATE)


def wav(signal: np.ndarray) -> bytes:
    """A WAV file, mono, 16 bit."""
    out = io.BytesIO()
    soundfile.write(out, np.clip(signal, -1, 1), RATE, "PCM_16", format="WAV")
    return out.getvalue()


def levels(signal: np.ndarray) -> list[int]:
    """Level in dBFS of every HOP, whole numbers, not below FLOOR_DB."""
    hop = round(HOP * RATE)
    whole = len(signal) // hop
    power = np.mean(signal[: whole * hop].reshape(whole, hop).astype(float) ** 2, axis=1)
    return np.maximum(10 * np.log10(np.maximum(power, 1e-12)), FLOOR_DB).round().astype(int).tolist()


def picture(signal: np.ndarray) -> bytes:
    """The spectrogram as a PNG."""
    shades = (spectrograms.decibels(signal) / spectrograms.RANGE_DB + 1) * (spectrograms.SHADES - 1)
    return spectrograms.png(shades.round().astype(np.uint8), spectrograms.palette())
