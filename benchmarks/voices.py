"""Time and memory of the speaker stage on a large corpus.

    python -m benchmarks.voices --clips 1000000

Makes the rows and embeddings of the embed stage in a temporary folder (a host who speaks a fifth of the time, and 2,000
guests, a few to a recording) and runs the stage with the host as its target. Embeddings are drawn at random around
voices as far apart as real ones; clips spread around their voice as those of one person do.
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

from pipeline import arrays, manifest
from stages.speaker import clusters

CLIPS_PER_RECORDING = 400
GUESTS = 2000
APART, SPREAD = 0.64, 0.45  # lengths of what a voice adds to the mean voice, and a clip to its voice


def make_work(work: Path, clips: int) -> None:
    """What the speaker stage reads: embed/ with a shard of a hundred recordings each, and a reference of the host."""
    dice = np.random.default_rng(0)
    heads = clusters.mean_voice() + APART / 16 * dice.standard_normal((GUESTS + 1, 256))
    recordings = -(-clips // CLIPS_PER_RECORDING)
    shards = [f"s{number:04d}" for number in range(-(-recordings // 100))]
    (work / "index").mkdir(parents=True)
    (work / "index/shards.json").write_text(json.dumps({"shards": shards}))
    for number, shard in enumerate(shards):
        out = work / "embed" / shard
        out.mkdir(parents=True)
        with manifest.writing(out / "manifest.jsonl") as keep:
            for recording in range(100 * number, min(100 * (number + 1), recordings)):
                name, count = f"r{recording:06d}", min(CLIPS_PER_RECORDING, clips - recording * CLIPS_PER_RECORDING)
                guests = 1 + (2 * recording + dice.integers(0, 4, count)) % GUESTS
                who = np.where(dice.random(count) < 0.2, 0, guests)
                vectors = clusters.unit(heads[who] + SPREAD / 16 * dice.standard_normal((count, 256)))
                path = out / f"{name}.npz"
                arrays.save(path, vectors=vectors.astype(np.float32))
                for clip, seconds in enumerate(dice.uniform(1.5, 12, count).round(2).tolist()):
                    row = {"schema": 1, "id": f"{name}_{clip:06d}", "recording_id": name, "parent_id": name}
                    row |= {
                        "source": f"{name}.mp3",
                        "path": f"normalize/{name}_{clip}.wav",
                        "label": "male",
                        "male": 0.9,
                    }
                    row |= {"start": 15.0 * clip, "end": 15.0 * clip + seconds, "duration": seconds, "channels": 1}
                    row |= {"sample_rate": 22050, "voiced_seconds": seconds, "embedding": clip}
                    keep(row | {"embeddings": str(path.relative_to(work))})
    host = clusters.unit(heads[:1]).astype(np.float32)
    arrays.save(work / "references.npz", names=np.array(["host"]), vectors=host, doubts=np.array([""]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--clips", type=int, default=1_000_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        make_work(work, args.clips)
        began = time.monotonic()
        command = [sys.executable, "-m", "stages.speaker", "--work", work, "--out", work / "speaker"]
        process = subprocess.Popen([*command, "--references", work / "references.npz"])
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"error: the stage ended with status {os.waitstatus_to_exitcode(status)}")
        print(f"{args.clips} clips: {time.monotonic() - began:.0f} s, {usage.ru_maxrss / 1024:.0f} MB")
        print((work / "speaker/targets.csv").read_text())


if __name__ == "__main__":
    main()
