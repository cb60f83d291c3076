"""Short pieces of recordings and clips: as samples to look at, as MP3 to listen to. What cannot be decoded is None."""

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline import ffmpeg, verdict

KBIT = 64
LONGEST = 8.0  # seconds of a player: enough to judge, little to load
RATE = 22050  # Hz of the players


@dataclass(frozen=True)
class Piece:
    """`seconds` of a file from `start` on; `downmix`: "mean", "left" or "right", as the index chose it there."""

    path: Path
    start: float
    seconds: float
    downmix: str = "mean"

    def arguments(self, rate: int) -> list[str]:
        """ffmpeg's, up to the output: seek, decode, one channel at `rate` Hz."""
        # Seconds before -i seek in the file instead of decoding all that comes before.
        place = ["-ss", f"{self.start:.3f}", "-t", f"{self.seconds:.3f}", "-i", ffmpeg.address(self.path)]
        if self.downmix == "mean":
            to_mono = ["-ac", "1"]
        else:
            to_mono = ["-af", f"pan=mono|c0=c{('left', 'right').index(self.downmix)}"]
        return [*ffmpeg.INPUT, *place, "-map", "0:a:0", *to_mono, "-ar", str(rate)]


def samples(piece: Piece, rate: int) -> np.ndarray | None:
    """(n,) float32 at `rate` Hz. Raises VoxsieveError as `_decoded`."""
    data = _decoded(piece, rate, ["-f", "f32le", "pipe:1"])
    signal = np.frombuffer(data[: len(data) // 4 * 4], "<f4")
    return np.nan_to_num(signal, nan=0, posinf=0, neginf=0) if len(signal) else None


def address(piece: Piece) -> str | None:
    """A data: address with the piece as MP3, the same bytes each time. Raises VoxsieveError as `_decoded`."""
    plain = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-id3v2_version", "0"]
    data = _decoded(piece, RATE, ["-b:a", f"{KBIT}k", *plain, "-f", "mp3", "pipe:1"])
    return "data:audio/mpeg;base64," + base64.b64encode(data).decode() if data else None


def _decoded(piece: Piece, rate: int, how: list[str]) -> bytes:
    """What ffmpeg makes of a piece; nothing where it cannot decode it to its end.

    Raises VoxsieveError where ffmpeg was ended by somebody or the file cannot be read: that says nothing of the piece.
    """
    answer = ffmpeg.run([*piece.arguments(rate), *how])
    ffmpeg.check_status(answer.returncode, piece.path, "ffmpeg")
    if not answer.returncode and answer.stdout:
        return answer.stdout
    verdict.check_readable(piece.path)
    return b""
