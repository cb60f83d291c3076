"""Audio in and out: decoded by ffmpeg in blocks (never a whole long file), written by soundfile."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pipeline import ffmpeg
from pipeline.downmix import CHANNELS, MEAN, Downmix, to_mono
from pipeline.errors import Reject, VoxsieveError

BLOCK_SECONDS = 20
WORK_RATE = 44100  # the rate of Spleeter's model, and of everything between `separate` and `normalize`


class Decoding:
    """The first audio stream of a file: iterated once, float32 blocks (n, channels) of about 20 s, by ffmpeg.

    Times are those of the presentation clock, as a player shows them; gaps become silence. `pcm16` rounds to 16 bits,
    as inaSpeechSegmenter's reader does; `channel` takes "left" or "right" instead of a downmix. NaN and infinity become
    0. Of a damaged file, all that can be read is given. `complaint` is then ffmpeg's message, "" where nothing was
    wrong. Raises Reject("undecodable") where nothing can be read.
    """

    def __init__(self, path: Path, sample_rate: int, channels: int, channel: str | None = None, pcm16: bool = False):
        self.path, self.channels, self.pcm16 = path, channels, pcm16
        self.complaint = ""
        kind, self._size = ("s16le", 2) if pcm16 else ("f32le", 4)
        # The presentation clock: silence fills the time before a late start, and gaps of 0.1 s between time stamps.
        filters = f"aresample={sample_rate}:async=1:first_pts=0"
        if channel:
            filters = f"pan=mono|c0=c{CHANNELS.index(channel)},{filters}"
        self._command = [ffmpeg.find("ffmpeg"), *ffmpeg.INPUT, "-i", ffmpeg.address(path), "-map", "0:a:0"]
        self._command += ["-af", filters, "-ac", str(channels), "-ar", str(sample_rate)]
        self._command += ["-f", kind, "-acodec", f"pcm_{kind}", "pipe:1", *ffmpeg.beside(path)]
        self._block_bytes = BLOCK_SECONDS * sample_rate * channels * self._size

    def __iter__(self) -> Iterator[np.ndarray]:
        empty = True
        with tempfile.TemporaryFile() as stderr:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=ffmpeg.environment(),
            )
            try:
                while data := process.stdout.read(self._block_bytes):
                    empty = False
                    yield self._samples(data[: len(data) - len(data) % (self.channels * self._size)])
                ffmpeg.check_status(process.wait(), self.path, "ffmpeg")
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
                process.stdout.close()
            stderr.seek(0)
            messages = stderr.read()
        if messages or process.returncode:
            self.complaint = ffmpeg.complaint(messages, self.path)
        if empty:
            raise Reject("undecodable", f"No audio could be decoded: {ffmpeg.complaint(messages, self.path)}")

    def _samples(self, data: bytes) -> np.ndarray:
        if self.pcm16:
            block = np.frombuffer(data, "<i2").astype(np.float32) / 32768
        else:
            block = np.frombuffer(data, "<f4")
            with np.errstate(invalid="ignore", over="ignore"):
                finite = np.isfinite(block.sum())  # ten times as fast as a test of every sample
            block = block if finite else np.nan_to_num(block, nan=0, posinf=0, neginf=0)
        return block.reshape(-1, self.channels)


def decode_mono(path: Path, sample_rate: int, downmix: Downmix = MEAN, pcm16: bool = False) -> Iterator[np.ndarray]:
    """Decode a file as one channel: float32 blocks (n,); `downmix` as the index chose it."""
    if len(downmix) == 1:
        how = downmix[0][1]
        blocks = Decoding(path, sample_rate, 1, None if how == "mean" else how, pcm16)
    else:
        blocks = Decoding(path, sample_rate, 2, None, pcm16)
    first = 0
    for block in blocks:
        yield to_mono(block, downmix, first / sample_rate, sample_rate)
        first += len(block)


def resample(signal: np.ndarray, source_rate: int, target_rate: int) -> np.ndarray:
    """Resample (n,) or (n, channels) with soxr's HQ preset; unchanged where the rates are equal."""
    if source_rate == target_rate:
        return signal
    import soxr

    return soxr.resample(signal, source_rate, target_rate, quality="HQ")


@contextmanager
def writing(path: Path, sample_rate: int, channels: int, subtype: str = "PCM_16"):
    """A soundfile.SoundFile that writes beside `path`; it is read back and renamed when the block ends without error.

    Formats by suffix: .flac and .wav. Samples beyond full scale are clipped by the integer formats. Raises
    VoxsieveError where the file cannot be written whole: libsndfile reports a full disk without errno or not at all.
    """
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.partial{path.suffix}")
    options = {"compression_level": 0.0} if path.suffix == ".flac" else {}
    try:
        with soundfile.SoundFile(partial, "w", sample_rate, channels, subtype, **options) as out:
            yield out
            written = out.frames
        if not _whole(partial, written):
            raise VoxsieveError(f"{path} cannot be written whole: make room, then run again.")
        os.replace(partial, path)
    except soundfile.LibsndfileError as error:
        raise VoxsieveError(f"{path} cannot be written ({error}): make room, then run again.") from error
    finally:
        partial.unlink(missing_ok=True)


def _whole(path: Path, frames: int) -> bool:
    """Whether a file has all its samples, the last of which can be read back. May raise LibsndfileError."""
    import soundfile

    with soundfile.SoundFile(path) as back:
        tail = min(frames, 1024)
        if back.frames != frames:
            return False
        back.seek(frames - tail)
        return len(back.read(tail, dtype="int16")) == tail


def read(path: Path, start: int = 0, stop: int | None = None) -> np.ndarray:
    """Samples start to stop of one of the pipeline's own files: float32 (n, channels).

    Raises VoxsieveError where the file is gone.
    """
    import soundfile

    check_there(path)
    signal, _ = soundfile.read(path, start=start, stop=stop, dtype="float32", always_2d=True)
    return signal


def blocks(path: Path, seconds: float = 60.0) -> Iterator[np.ndarray]:
    """One of the pipeline's own files in float32 blocks (n, channels). Raises VoxsieveError where it is gone."""
    import soundfile

    check_there(path)
    with soundfile.SoundFile(path) as opened:
        yield from opened.blocks(round(seconds * opened.samplerate), dtype="float32", always_2d=True)


def check_there(path: Path) -> None:
    """Raise VoxsieveError where a file that an earlier stage wrote is gone: the recording is not at fault."""
    if not path.is_file():
        pairs = zip(path.parts, path.parts[1:], strict=False)
        stage = next((folder for folder, shard in pairs if re.fullmatch(r"s\d{4,}", shard)), "and its name")
        raise VoxsieveError(f"{path} is gone: run the stage that wrote it again, with -R {stage}.")


def concatenated(parts: Iterable[np.ndarray]) -> np.ndarray:
    """Blocks (n,) as one signal."""
    return np.concatenate([np.zeros(0, np.float32), *parts])
