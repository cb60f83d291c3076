"""A recording of three hours through separate and segment: it ends, at its own length, in bounded memory.

python -m benchmarks.long [--hours 3] [--recordings FOLDER]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipeline import audio, inputs, manifest

ROOT = Path(__file__).parents[1]


def write_long(recordings: Path, path: Path, hours: float) -> None:
    """The recordings one after the other, again and again, as FLAC."""
    wanted = round(hours * 3600 * 44100) + 12345  # no whole number of tiles
    written = 0
    with audio.writing(path, 44100, 2) as out:
        while written < wanted:
            for item in inputs.find(str(recordings)):
                for block in audio.Decoding(item.path, 44100, 2):
                    out.write(block[: max(0, wanted - written)])
                    written += len(block)


def stage(name: str, work: Path) -> str:
    """Run a stage's program; its seconds and peak memory."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", f"stages.{name}", "--work", work, "--shard", "s0000"], cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{name} failed")
    seconds = time.perf_counter() - start
    return f"| {name} | {seconds:.0f} | {usage.ru_maxrss / 1024:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hours", type=float, default=3.0, help="length of the recording")
    parser.add_argument("--recordings", type=Path, default=ROOT / "examples", help="what it is made of")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        write_long(args.recordings, work / "input" / "long.flac", args.hours)
        index = [sys.executable, "-m", "stages.index", "--input", work / "input", "--work", work]
        subprocess.run(index, check=True, cwd=ROOT)
        print("| stage | seconds | peak MB |\n|---|---|---|")
        print(stage("separate", work))
        print(stage("segment", work))
        (row,) = manifest.read(work / "separate" / "s0000" / "manifest.jsonl")
        (first,) = manifest.read(work / "index" / "s0000" / "manifest.jsonl")
        print(f"\n{first['duration']} s in, {row['duration']} s out")


if __name__ == "__main__":
    main()
