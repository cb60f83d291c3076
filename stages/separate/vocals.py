"""The voice without the music, the whole length of a recording, in bounded memory."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from engines.protocols import Separator
from pipeline import audio
from pipeline.errors import VoxsieveError


def as_stereo(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Blocks (n, 1) doubled to (n, 2), as Spleeter does; (n, 2) unchanged."""
    for block in blocks:
        yield np.repeat(block, 2, axis=1) if block.shape[1] == 1 else block


def headroom(peak: float) -> float:
    """The gain that keeps undistorted float audio beyond full scale from being clipped when it is rounded."""
    return 1.0 if peak <= 1.0 else round(0.99 / peak, 6)


def separate(row: dict, source: Path, vocals: Path, beside: Path | None, separator: Separator) -> None:
    """Write the vocals of a recording, and with `beside` its accompaniment, times `headroom`.

    FLAC, 16 bit, 44.1 kHz, with as many channels as the recording (at most two) and exactly its length. Raises
    VoxsieveError where the source is not what the index saw.
    """
    channels, gain = min(row["channels"], 2), np.float32(headroom(row["peak"]))
    stereo = as_stereo(iter(audio.Decoding(source, audio.WORK_RATE, channels)))
    written = 0
    with ExitStack() as files:
        voice_file = files.enter_context(audio.writing(vocals, audio.WORK_RATE, channels))
        rest_file = files.enter_context(audio.writing(beside, audio.WORK_RATE, channels)) if beside else None
        for voice, rest in separator.stream(stereo, accompaniment=bool(beside)):
            voice_file.write(voice[:, :channels] * gain)
            written += len(voice)
            if rest_file:
                rest_file.write(rest[:, :channels] * gain)
    expected = round(row["duration"] * audio.WORK_RATE)
    if written != expected:
        raise VoxsieveError(
            f"{row['source']}: {written} samples, expected {expected}: the file has changed since it was indexed; run "
            "again (with -R index where its modification time is the same)."
        )
