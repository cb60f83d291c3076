"""Time every engine and its original package by turns, on the same recordings, in one run.

    python -m benchmarks.engines [--recordings FOLDER] [--runs 3] [--only separate]

Prints a table: seconds (median), times real time, ratio, peak memory, start-up, and how near the arithmetic comes to
the machine's measured peak for a float32 matrix product. The recordings are repeated to ten minutes; the demo by
default.
"""

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from engines.loudness.bs1770 import integrated_loudness
from install import environments
from pipeline import audio, ffmpeg, inputs

MINUTES = 10
PACKAGES = {"separate": "spleeter", "segment": "ina", "embed": "resemblyzer", "normalize": None}
GFLOP = {"separate": 2.05 * 60 * MINUTES}  # of the two U-Nets, from the shapes of their layers
CLIPS = {"embed": 500, "normalize": 1000}


def prepare(recordings: Path, folder: Path) -> None:
    """Write ten minutes of stereo and mono, and the clips."""
    stereo = audio.writing(folder / "stereo.wav", 44100, 2, "FLOAT")
    mono = audio.writing(folder / "mono.wav", 16000, 1)
    items = inputs.find(str(recordings))
    with stereo as wide, mono as narrow:
        while wide.tell() < 44100 * 60 * MINUTES:
            for item in items:
                for block in audio.Decoding(item.path, 44100, 2):
                    wide.write(block[: max(0, 44100 * 60 * MINUTES - wide.tell())])
                for block in audio.Decoding(item.path, 16000, 1, pcm16=True):
                    narrow.write(block[: max(0, 16000 * 60 * MINUTES - narrow.tell())])
    rng = np.random.default_rng(0)
    for name, rate, source, count in (("clips", 16000, "mono.wav", 500), ("loud", 22050, "stereo.wav", 1000)):
        signal = audio.read(folder / source)[:, 0]
        signal = signal if rate == 16000 else audio.resample(signal, 44100, rate)
        (folder / name).mkdir()
        written = 0
        while written < count:
            length = round(rate * rng.uniform(1.6, 8))
            at = rng.integers(0, len(signal) - length)
            clip = signal[at : at + length]
            if integrated_loudness(clip, rate) is not None:
                soundfile.write(folder / name / f"{written:04d}.wav", clip, rate)
                written += 1


def measure(task: str, engine: str, folder: Path) -> dict:
    """One run in a process of its own: {"load", "work", "wall", "peak_mb"}."""
    package = PACKAGES.get(task) if engine == "original" else None
    python = environments.python(package) if package else sys.executable
    words = {"PYTHONPATH": str(Path(__file__).parents[1]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    words["PATH"] = os.environ["PATH"] + os.pathsep + str(Path(ffmpeg.find("ffmpeg")).parent)
    start = time.perf_counter()
    process = subprocess.Popen(
        [python, "-m", "benchmarks.task", task, engine, folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | words,
    )
    output = process.stdout.read().decode().strip().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{task} by {engine} ended with status {process.returncode}: run it alone to see why.")
    lines = [json.loads(line) for line in output if line.startswith("{")]
    return lines[0] | lines[-1] | {"wall": time.perf_counter() - start, "peak_mb": usage.ru_maxrss / 1024}


def compare(task: str, folder: Path, runs: int) -> list[str]:
    """Table lines of one task: both engines in turn, `runs` times."""
    measured = {"original": [], "onnx": []}
    for _ in range(runs):
        for engine, results in measured.items():
            results.append(measure(task, engine, folder))
    seconds = 60.0 * MINUTES
    if task in CLIPS:
        paths = (folder / ("clips" if task == "embed" else "loud")).iterdir()
        seconds = sum(soundfile.info(path).duration for path in paths)
    lines, base = [], None
    for engine, results in measured.items():
        work = statistics.median(result["work"] for result in results)
        if task == "normalize" and engine == "original":
            work *= CLIPS[task] / 40  # it takes most of a second a clip, so forty clips are scaled up
            engine = "original (40 of the clips, scaled)"
        base = base or work
        load = statistics.median(result["load"] for result in results)
        peak = max(result["peak_mb"] for result in results)
        lines.append(
            f"| {task} | {engine} | {work:.1f} | {seconds / work:.0f} | {base / work:.1f} | {peak:.0f} | {load:.1f} |"
        )
    if GFLOP.get(task):
        rate = GFLOP[task] / statistics.median(result["work"] for result in measured["onnx"])
        peak = max(measure("gemm", "onnx", folder)["gflops"] for _ in range(3))
        lines.append(f"| {task} | arithmetic | {rate:.0f} GFLOP/s of {peak:.0f} ({100 * rate / peak:.0f} %) | | | | |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--recordings", type=Path, default=Path(__file__).parents[1] / "examples", help="folder")
    parser.add_argument("--runs", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--only", choices=PACKAGES, help="one task instead of all")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: a child's peak memory counts from what its parent held.
        maker = multiprocessing.get_context("spawn").Process(target=prepare, args=(args.recordings, folder))
        maker.start()
        maker.join()
        machine = platform.processor() or platform.machine()
        print(f"{machine}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        print("| work | engine | seconds | × real time | ratio | peak MB | start s |\n|---|---|---|---|---|---|---|")
        for task in [args.only] if args.only else PACKAGES:
            print("\n".join(compare(task, folder, args.runs)), flush=True)


if __name__ == "__main__":
    main()
