"""Time and memory of every export on a large corpus.

    python -m benchmarks.exports --clips 100000 --seconds 4

Makes the corpus in a temporary folder (hard links to a few WAVs of noise, a row of clips.csv for each) and runs the
stage once per format, each as a program of its own; its caches are the file system's. The aim: all formats of 100,000
clips in 10 minutes and 1.5 GB.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from stages.export import MARKER
from stages.formats import FORMATS

RATE = 22050
ORIGINALS = 32  # a file can have 65,000 links on ext4
CLIPS_PER_RECORDING = 250
SCORES = 12


def make_corpus(corpus: Path, clips: int, seconds: float) -> None:
    """A corpus of `clips` clips of about `seconds`, with score columns, as the export stage leaves it."""
    import soundfile

    random = np.random.default_rng(0)
    (corpus / "wavs").mkdir(parents=True)
    lengths = random.uniform(0.5 * seconds, 1.5 * seconds, ORIGINALS).round(2)
    for i, length in enumerate(lengths):
        soundfile.write(corpus / f"{i}.wav", random.uniform(-0.3, 0.3, int(length * RATE)), RATE, "PCM_16")
    names = "clip path recording source start end duration label speaker sample_rate url licence".split()
    with open(corpus / "clips.csv", "w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, lineterminator="\n")
        table.writerow(names + [f"score_{i}" for i in range(SCORES)])
        for i in range(clips):
            number, part = divmod(i, CLIPS_PER_RECORDING)
            recording, length = f"r{number:06d}", float(lengths[i % ORIGINALS])
            clip, start = f"{recording}_{part:06d}", round(part * 2 * seconds, 2)
            os.link(corpus / f"{i % ORIGINALS}.wav", corpus / "wavs" / f"{clip}.wav")
            row = [clip, f"wavs/{clip}.wav", recording, f"channel/show {number}.mp3", start, round(start + length, 2)]
            row += [length, "female", f"speaker{number % 10}", RATE, f"https://example.org/{number}", "CC BY 4.0"]
            table.writerow(row + random.uniform(0, 5, SCORES).round(3).tolist())
    (corpus / "statistics.json").write_text(json.dumps({"input": {"seconds": 2.0 * clips * seconds}}))
    (corpus / MARKER).touch()


def measure(corpus: Path, name: str) -> tuple[float, float]:
    """Seconds and peak resident memory (MB) of the stage with one format."""
    began = time.monotonic()
    command = [sys.executable, "-m", "stages.formats", f"--corpus={corpus}", f"--format={name}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"error: {name} ended with status {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="mean length of a clip")
    parser.add_argument("--folder", type=Path, help="where to work; twice the audio's size is needed at most")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        corpus = Path(folder) / "corpus"
        make_corpus(corpus, args.clips, args.seconds)
        print(f"{args.clips} clips, {args.clips * args.seconds / 3600:.1f} h")
        figures = {}
        for name in FORMATS:
            figures[name] = measure(corpus, name)
            print(f"{name:<12}{figures[name][0]:>8.1f} s{figures[name][1]:>8.0f} MB", flush=True)
        seconds, memory = zip(*figures.values(), strict=True)
        print(f"{'all':<12}{sum(seconds):>8.1f} s{max(memory):>8.0f} MB")


if __name__ == "__main__":
    main()
