"""Peak memory of segment and reference against the length of one recording: speech, and digital silence.

python -m benchmarks.memory [--hours 0.5 3 6] [--recordings FOLDER]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.long import write_long
from pipeline import audio, manifest
from pipeline.rows import Separated

ROOT = Path(__file__).parents[1]


def write_silence(path: Path, hours: float) -> None:
    """Digital silence, mono, as FLAC."""
    minute = np.zeros(60 * audio.WORK_RATE, np.float32)
    with audio.writing(path, audio.WORK_RATE, 1) as out:
        for _ in range(round(60 * hours)):
            out.write(minute)


def run(*arguments: object) -> tuple[float, float]:
    """Seconds and peak MB of a stage's program, children included."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", *map(str, arguments)], cwd=ROOT, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{arguments[0]} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def segment(recording: Path, work: Path) -> tuple[float, float]:
    """segment on a recording that is taken for its own vocals: its memory asks for the length alone."""
    import soundfile

    info = soundfile.info(recording)
    row = {"schema": 2, "id": "r000000", "recording_id": "r000000", "parent_id": "r000000", "source": recording.name}
    row |= {"start": 0.0, "end": info.duration, "duration": info.duration, "sha256": "", "codec": "flac", "gain": 1.0}
    row |= {
        "sample_rate": audio.WORK_RATE,
        "channels": info.channels,
        "peak": 1.0,
        "downmix": [[0.0, "mean"]],
        "gaps": [],
    }
    row |= {name: os.path.relpath(recording, work) for name in ("path", "mixture")}
    manifest.write(work / "separate/s0000/manifest.jsonl", [row], Separated)
    return run("stages.segment", "--work", work, "--shard", "s0000", "--threads", 2)


def reference(recording: Path, work: Path) -> tuple[float, float]:
    """reference on a recording."""
    targets = json.dumps({"voice": str(recording)})
    return run("stages.reference", "--work", work, "--targets", targets, "--threads", 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hours", type=float, nargs="+", default=[0.5, 3.0, 6.0], help="lengths of the recording")
    parser.add_argument("--recordings", type=Path, default=ROOT / "examples", help="what the speech is taken from")
    args = parser.parse_args()
    print("| stage | recording | hours | seconds | peak MB |\n|---|---|---|---|---|")
    for hours in args.hours:
        with tempfile.TemporaryDirectory() as name:
            speech, silence, work = Path(name, "speech.flac"), Path(name, "silence.flac"), Path(name, "work")
            write_long(args.recordings, speech, hours)
            write_silence(silence, hours)
            rows = [("segment", "silence", segment(silence, work)), ("segment", "speech", segment(speech, work))]
            rows.append(("reference", "speech", reference(speech, work)))
        for stage, kind, (seconds, peak) in rows:
            print(f"| {stage} | {kind} | {hours:g} | {seconds:.0f} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
