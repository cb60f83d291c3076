"""Audio in and out: decoded by ffmpeg in blocks (never a whole long file), written by soundfile."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pipeline import ffmpeg
from pipeline.errors import Reject, VoxsieveError

BLOCK_SECONDS = 20
WORK_RATE = 44100  # the rate of Spleeter's model, and of everything between `separate` and `normalize`


def probe(path: Path) -> dict:
    """The first audio stream of a file: {"codec", "sample_rate", "channels"}.

    Raises Reject("no_audio") for a file without an audio stream, Reject("undecodable") for anything else.
    """
    command = ["-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file,pipe"]
    command += ["-select_streams", "a:0", "-show_entries", "stream=codec_name,sample_rate,channels"]
    answer = ffmpeg.run([*command, "-of", "json", ffmpeg.address(path)], "ffprobe")
    if answer.returncode:
        raise Reject("undecodable", f"Not a sound file that ffmpeg can read: {ffmpeg.complaint(answer.stderr, path)}")
    streams = json.loads(answer.stdout).get("streams") or []
    if not streams:
        raise Reject("no_audio", "The file has no audio stream.")
    stream = streams[0]
    rate, channels = int(stream.get("sample_rate") or 0), int(stream.get("channels") or 0)
    if not rate or not channels:
        raise Reject("undecodable", "The audio stream has no sample rate or no channels.")
    return {"codec": stream.get("codec_name", "unknown"), "sample_rate": rate, "channels": channels}


def decode(
    path: Path, sample_rate: int, channels: int, downmix: str = "mean", pcm16: bool = False
) -> Iterator[np.ndarray]:
    """Decode the first audio stream: float32 blocks (n, channels) of about 20 s, resampled by ffmpeg.

    `downmix` says how one channel is made of several: "mean" (ffmpeg's own), or "left" or "right" where the mean
    would cancel. `pcm16` rounds to 16 bits on the way, as inaSpeechSegmenter's reader does. NaN and infinity become
    0. What can be read of a damaged file is given; Reject("undecodable") where that is nothing.
    """
    kind, size = ("s16le", 2) if pcm16 else ("f32le", 4)
    command = [ffmpeg.find("ffmpeg"), *ffmpeg.INPUT, "-i", ffmpeg.address(path), "-map", "0:a:0"]
    if downmix == "mean" or channels > 1:
        command += ["-ac", str(channels)]
    else:
        command += ["-af", f"pan=mono|c0=c{('left', 'right').index(downmix)}"]
    command += ["-ar", str(sample_rate), "-f", kind, "-acodec", f"pcm_{kind}", "pipe:1"]
    block_bytes = BLOCK_SECONDS * sample_rate * channels * size
    empty = True
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, bufsize=block_bytes
        )
        try:
            while data := process.stdout.read(block_bytes):
                data = data[: len(data) - len(data) % (channels * size)]
                empty = False
                if pcm16:
                    block = np.frombuffer(data, "<i2").astype(np.float32) / 32768
                else:
                    block = np.frombuffer(data, "<f4")
                    with np.errstate(invalid="ignore", over="ignore"):
                        finite = np.isfinite(block.sum())  # ten times as fast as a look at every sample
                    block = block if finite else np.nan_to_num(block, nan=0, posinf=0, neginf=0)
                yield block.reshape(-1, channels)
            if process.wait() < 0:
                raise VoxsieveError(
                    f"ffmpeg was ended by signal {-process.returncode} while it read {path}: run again, "
                    "with fewer jobs at once (-j) where memory is short."
                )
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdout.close()
        if empty:
            stderr.seek(0)
            raise Reject("undecodable", f"No audio could be decoded: {ffmpeg.complaint(stderr.read(), path)}")


def mono(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """One-channel blocks (n, 1) as vectors (n,)."""
    for block in blocks:
        yield block[:, 0]


def to_mono(block: np.ndarray, downmix: str) -> np.ndarray:
    """(n, channels) to (n,): the mean, or the channel that the index chose because the mean would cancel."""
    if block.shape[1] == 1:
        return block[:, 0]
    if downmix == "mean":
        return sum(block.T) / np.float32(block.shape[1])  # numpy's own mean of so short rows takes ten times as long
    return block[:, ("left", "right").index(downmix)]


def resample(signal: np.ndarray, source_rate: int, target_rate: int) -> np.ndarray:
    """Resample (n,) or (n, channels) with soxr's HQ preset; unchanged where the rates are equal."""
    if source_rate == target_rate:
        return signal
    import soxr

    return soxr.resample(signal, source_rate, target_rate, quality="HQ")


@contextmanager
def writing(path: Path, sample_rate: int, channels: int, subtype: str = "PCM_16"):
    """A soundfile.SoundFile that writes beside `path` and is renamed when the block ends without error.

    Formats by suffix: .flac and .wav. Samples beyond full scale are clipped by the integer formats.
    """
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.partial{path.suffix}")
    options = {"compression_level": 0.0} if path.suffix == ".flac" else {}
    try:
        with soundfile.SoundFile(partial, "w", sample_rate, channels, subtype, **options) as out:
            yield out
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path, start: int = 0, stop: int | None = None) -> np.ndarray:
    """Samples start to stop of one of the pipeline's own files: float32 (n, channels).

    Raises VoxsieveError where the file is gone.
    """
    import soundfile

    check_there(path)
    signal, _ = soundfile.read(path, start=start, stop=stop, dtype="float32", always_2d=True)
    return signal


def check_there(path: Path) -> None:
    """Raise VoxsieveError where a file that an earlier stage wrote is gone: no fault of the recording."""
    if not path.is_file():
        pairs = zip(path.parts, path.parts[1:], strict=False)
        stage = next((folder for folder, shard in pairs if re.fullmatch(r"s\d{4,}", shard)), "and its name")
        raise VoxsieveError(f"{path} is gone: run the stage that wrote it again, with -R {stage}.")
