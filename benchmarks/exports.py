"""Time and memory of every layout, and of the report, on a large corpus.

    python -m benchmarks.exports --clips 100000 --seconds 4

Makes the corpus in a temporary folder (hard links to a few WAVs of noise, a row of clips.csv for each, a text for every
second clip, five rejects for each) and runs the stages, each layout as a program of its own; its caches are the file
system's. Beside the wall clock stand CPU seconds, which another program on the machine changes little. The aim: all
layouts of 100,000 clips in 10 minutes and 1.5 GB.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline import corpus, metadata, tables
from stages.formats import layouts

RATE = 22050
ORIGINALS = 32  # a file can have 65,000 links on ext4
CLIPS_PER_RECORDING = 250
SCORES = 12
REJECTS = 5  # for each clip
SAID = "What is said in clip {}, word for word."


class Figures(NamedTuple):
    """Wall and CPU seconds, and peak resident memory in MB."""

    seconds: float
    cpu: float
    memory: float

    def __str__(self) -> str:
        return f"{self.seconds:>8.1f} s{self.cpu:>8.1f} s CPU{self.memory:>8.0f} MB"


def clip_rows(place: Path, clips: int, seconds: float) -> Iterator[dict]:
    """The rows of clips.csv; each clip's WAV is linked as its row is made."""
    import soundfile

    random = np.random.default_rng(0)
    lengths = random.uniform(0.5 * seconds, 1.5 * seconds, ORIGINALS).round(2)
    for i, length in enumerate(lengths):
        soundfile.write(place / f"{i}.wav", random.uniform(-0.3, 0.3, int(length * RATE)), RATE, "PCM_16")
    for i in range(clips):
        number, part = divmod(i, CLIPS_PER_RECORDING)
        recording, length, start = f"r{number:06d}", float(lengths[i % ORIGINALS]), round(part * 2 * seconds, 2)
        clip = f"{recording}_{part:06d}"
        os.link(place / f"{i % ORIGINALS}.wav", place / corpus.WAVS / f"{clip}.wav")
        yield {
            "clip": clip,
            "path": f"{corpus.WAVS}/{clip}.wav",
            "recording": recording,
            "source": f"channel/show {number}.mp3",
            "sha256": f"{number:064x}",
            "start": start,
            "end": round(start + length, 2),
            "duration": length,
            "label": "female",
            "speaker": f"speaker{number % 10}",
            "sample_rate": RATE,
            "url": f"https://example.org/{number}",
            "licence": "CC BY 4.0",
            "text": SAID.format(i) if i % 2 else "",
            "text_source": "captions" if i % 2 else "",
            "text_confidence": float(random.uniform(0.8, 1)) if i % 2 else None,
            "language": "en" if i % 2 else "",
        } | {f"score_{score}": value for score, value in enumerate(random.uniform(0, 5, SCORES).round(3).tolist())}


def reject_rows(clips: int) -> Iterator[dict]:
    """The rows of rejects.csv."""
    for i in range(REJECTS * clips):
        recording, start = f"r{i // (REJECTS * CLIPS_PER_RECORDING):06d}", float(i % 1000)
        place = {"id": f"{recording}_d{i:06d}", "recording": recording, "start": start, "end": start + 1}
        yield place | {
            "stage": "slice",
            "reason": ("music", "noise", "short")[i % 3],
            "message": "Not kept.",
            "source": "",
        }


def make_corpus(place: Path, clips: int, seconds: float) -> None:
    """A corpus of `clips` clips of about `seconds`, with score columns and texts, as the export stage leaves it."""
    (place / corpus.WAVS).mkdir(parents=True)
    names = "clip path recording source sha256 start end duration label speaker sample_rate url licence".split()
    names += "text text_source text_confidence language".split()
    names += [f"score_{score}" for score in range(SCORES)]
    tables.write(place / corpus.CLIPS, names, clip_rows(place, clips, seconds))
    names = "id stage reason message recording source start end".split()
    tables.write(place / corpus.REJECTS, names, reject_rows(clips))
    with open(place / metadata.METADATA, "w", encoding="utf-8") as lines:
        for i in range(clips):
            clip = f"r{i // CLIPS_PER_RECORDING:06d}_{i % CLIPS_PER_RECORDING:06d}"
            lines.write(f"{clip}|{SAID.format(i) if i % 2 else ''}|\n")
    losses = {"slice": {"music": {"count": REJECTS * clips, "seconds": float(REJECTS * clips)}}}
    statistics = {
        "input": {"recordings": clips // CLIPS_PER_RECORDING, "seconds": (seconds + REJECTS) * clips},
        "kept": {"clips": clips, "seconds": seconds * clips},
        "speakers": {"speaker0": {"count": clips, "seconds": seconds * clips}},
        "stages": losses,
    }
    (place / corpus.STATISTICS).write_text(json.dumps(statistics))
    (place / corpus.MARKER).touch()


def measure(place: Path, stage: str, *flags: str) -> Figures:
    """Time and memory of a stage, run as a program."""
    began = time.monotonic()
    command = [sys.executable, "-m", f"stages.{stage}", f"--work={place.parent}/work", f"--corpus-dir={place}", *flags]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"error: {stage} {' '.join(flags)} ended with status {os.waitstatus_to_exitcode(status)}")
    return Figures(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="mean length of a clip")
    parser.add_argument("--folder", type=Path, help="where to work; twice the audio's size is needed at most")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        place = Path(folder) / "corpus"
        make_corpus(place, args.clips, args.seconds)
        print(f"{args.clips} clips, {args.clips * args.seconds / 3600:.1f} h")
        of_layouts = {}
        for name in layouts.known():
            of_layouts[name] = measure(place, "formats", f"--exports=[{name}]")
            print(f"{name:<12}{of_layouts[name]}", flush=True)
        seconds, cpu, memory = zip(*of_layouts.values(), strict=True)
        print(f"{'all':<12}{Figures(sum(seconds), sum(cpu), max(memory))}")
        print(f"{'report':<12}{measure(place, 'report')}")


if __name__ == "__main__":
    main()
