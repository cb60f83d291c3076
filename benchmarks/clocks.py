"""Containers and codecs, written by ffmpeg and read through pipeline.audio: is every sound where a player has it?

python -m benchmarks.clocks [--only mka]

A player shows a sound at the time stamp of its frame, counted from the start of the file. Two chirps are written at
known places; their frames' stamps, as ffprobe lists them, tell where a player has them, and the decoded signal where
voxsieve has them. The difference is the clock error. What an encoder adds in front without saying so in the file stands
beside it: a player has the sound that much later, and so have we.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from scipy import signal

from benchmarks.clock_cases import CASES, Case
from pipeline import audio, ffmpeg

SECONDS, CHIRPS = 6.0, (1.25, 4.4)  # a chirp begins at each of these seconds
CHIRP_SECONDS = 0.12
SOURCE_RATE = 48000
PICTURE = "-f lavfi -i color=size=64x64:rate=25:duration={seconds}"
MAPPED = "-map 1:a -map 0:v"


def chirp(rate: int) -> np.ndarray:
    """The sound that is looked for, 400 to 3,000 Hz, so that every codec can carry it."""
    times = np.arange(round(CHIRP_SECONDS * rate)) / rate
    return signal.chirp(times, 400, CHIRP_SECONDS, 3000) * np.hanning(len(times))


def write_source(path: Path) -> None:
    """Faint noise with the chirps, mono."""
    sound = 1e-3 * np.random.default_rng(0).standard_normal(round(SECONDS * SOURCE_RATE))
    for start in CHIRPS:
        first = round(start * SOURCE_RATE)
        part = chirp(SOURCE_RATE)
        sound[first : first + len(part)] += 0.5 * part
    soundfile.write(path, sound, SOURCE_RATE, "PCM_16")


def write(case: Case, source: Path, path: Path) -> None:
    """Make the file of a case. Raises RuntimeError where ffmpeg cannot."""
    command = ["-y", "-v", "error"]
    if case.picture:
        command += PICTURE.format(seconds=SECONDS).split()
    command += ["-itsoffset", str(case.late)] if case.late else []
    command += ["-i", str(source), *(MAPPED.split() if case.picture else []), *case.arguments.split()]
    if case.gap:  # the stamps of what comes after the middle are moved
        middle = (CHIRPS[0] + CHIRPS[1]) / 2
        command += ["-af", f"asetpts='PTS+gt(T,{middle})*{case.gap}/TB'"]
    answer = ffmpeg.run([*command, str(path)])
    if answer.returncode:
        raise RuntimeError(ffmpeg.complaint(answer.stderr, path))


def found(sound: np.ndarray, rate: int) -> list[float]:
    """Where the chirps begin in a signal (n,), in seconds, to a fraction of a sample."""
    match = signal.hilbert(signal.correlate(sound, chirp(rate), "valid"))
    level, apart = np.abs(match), round(rate * (CHIRPS[1] - CHIRPS[0]) / 2)
    places = []
    for _ in CHIRPS:
        peak = int(level.argmax())
        left, centre, right = level[max(peak - 1, 0)], level[peak], level[min(peak + 1, len(level) - 1)]
        places.append((peak + (left - right) / (2 * (left - 2 * centre + right) or 1)) / rate)
        level[max(0, peak - apart) : peak + apart] = 0
    return sorted(places)


def presented(path: Path) -> list[float]:
    """Where a player has the chirps: the stamps of the frames that hold them, from the start of the file."""
    entries = "frame=best_effort_timestamp_time,nb_samples:format=start_time:stream=sample_rate"
    command = ["-v", "error", "-select_streams", "a:0", "-show_entries", entries, "-of", "json"]
    probed = json.loads(ffmpeg.run([*command, ffmpeg.address(path)], "ffprobe").stdout)
    rate, start = int(probed["streams"][0]["sample_rate"]), float(probed["format"].get("start_time", 0))
    plain = ["-map", "0:a:0", "-af", "aresample", "-ac", "1", "-f", "f32le", "-"]
    raw = ffmpeg.run(["-v", "error", "-i", ffmpeg.address(path), *plain])
    lengths = np.array([frame["nb_samples"] for frame in probed["frames"]])
    firsts = np.cumsum(lengths) - lengths
    places = []
    for second in found(np.frombuffer(raw.stdout, "<f4"), rate):
        frame = int(np.searchsorted(firsts, second * rate, "right")) - 1
        inside = second - firsts[frame] / rate
        stamp = probed["frames"][frame].get("best_effort_timestamp_time", start + firsts[frame] / rate)
        places.append(float(stamp) - start + inside)
    return places


def measure(case: Case, source: Path, folder: Path) -> tuple[float, float]:
    """(clock error, delay that the file does not tell of) in seconds, of the chirp that is worse off."""
    path = folder / f"file.{case.suffix}"
    write(case, source, path)
    ours = found(audio.concatenated(audio.decode_mono(path, audio.WORK_RATE)), audio.WORK_RATE)
    shown = presented(path)
    wanted = [CHIRPS[0] + case.late, CHIRPS[1] + case.late + case.gap]
    errors = [one - other for one, other in zip(ours, shown, strict=True)]
    delays = [one - other for one, other in zip(shown, wanted, strict=True)]
    return max(errors, key=abs), max(delays, key=abs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    args = parser.parse_args()
    print("| file | clock error, ms | encoder's delay that the file does not tell, ms |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_source(folder / "source.wav")
        for case in CASES:
            if args.only in case.name:
                try:
                    error, delay = measure(case, folder / "source.wav", folder)
                    print(f"| {case.name} | {1000 * error:.2f} | {1000 * delay:.1f} |", flush=True)
                except Exception as problem:
                    print(f"| {case.name} | not made: {problem!r} | |", flush=True)


if __name__ == "__main__":
    main()
