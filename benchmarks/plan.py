"""How long Snakemake plans a large corpus, and how long a run with nothing to do takes: simulated index and results.

    python -m benchmarks.plan [--recordings 10000] [--minutes 40]

Writes an index of so many recordings and the (empty) results of all stages, marks them as up to date, and
times `snakemake -n` on a fresh work folder and a no-op run on a finished one: seconds, and peak memory of the process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from pipeline import corpus, manifest, registry, vouch, workfolder
from pipeline.rows import SCHEMA
from stages.index import shards

ROOT = Path(__file__).parents[1]


def simulate(work: Path, recordings: int, minutes: float) -> int:
    """Write the index of so many recordings, in shards as the index stage would make them; return their number."""
    facts = {f"../in/{i:06d}.wav": {"duration": minutes * 60, "sha256": str(i)} for i in range(recordings)}
    ids: dict = {}
    shards.assign(facts, ids, shards.seconds_of_shard("auto", recordings * minutes * 60))
    seconds: dict[str, float] = {}
    for entry in ids.values():
        seconds[entry["shard"]] = seconds.get(entry["shard"], 0.0) + minutes * 60
    for shard in seconds:
        (work / "index" / shard).mkdir(parents=True)
        (work / "index" / shard / manifest.MANIFEST).touch()
    (work / "index" / "rejects.jsonl").touch()
    summary = {"shards": list(seconds), "seconds": seconds, "recordings": recordings, "rejects": 0, "ignored_files": 0}
    manifest.write_text(work / "index" / "shards.json", json.dumps(summary | {"schema": SCHEMA}))
    vouch.write(work / "index")
    return len(seconds)


def results(work: Path) -> None:
    """Write empty results of all stages, in the order of the data."""
    for name, stage in registry.stages().items():
        for folder in (
            [work / name / shard for shard in manifest.shards(work)] if stage.unit == "shard" else [work / name]
        ):
            folder.mkdir(parents=True, exist_ok=True)
            for file in stage.results:
                if not (folder / file).exists():
                    nothing = '{"corpus": ".", "files": {}, "sha256": {}, "texts": {}}'
                    (folder / file).write_text(nothing if file == corpus.RECORD else "")
            vouch.write(folder)


def timed(folder: Path, *flags: str) -> tuple[float, float, str]:
    """Seconds and peak MB of one snakemake, and its output."""
    command = [sys.executable, "-m", "snakemake", "-j2", "-s", str(ROOT / "Snakefile"), "--configfile", "mine.yaml"]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, *flags], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(output[-2000:])
    return time.perf_counter() - start, usage.ru_maxrss / 1024, output


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--recordings", type=int, default=10_000, help="how many")
    parser.add_argument("--minutes", type=float, default=40.0, help="length of each")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for number in range(args.recordings):
            (folder / "in" / f"{number:06d}.wav").touch()
        (folder / "mine.yaml").write_text(yaml.safe_dump({"input": "in"}))
        work = folder / "work"
        count = simulate(work, args.recordings, args.minutes)
        os.chdir(folder)
        workfolder.hold(Path("work")).close()
        timed(folder, "--touch", "--until", "index")
        seconds, peak, _ = timed(folder, "-n", "--quiet", "all")
        print(f"{args.recordings} recordings, {count} shards: plan {seconds:.1f} s, {peak:.0f} MB")
        results(work)
        timed(folder, "--touch")
        seconds, peak, output = timed(folder)
        outcome = "nothing to do" if "Nothing to be done" in output else output[-300:]
        print(f"no-op {seconds:.1f} s, {peak:.0f} MB; {outcome}")


if __name__ == "__main__":
    main()
