"""export: the corpus. WAVs, the tables of what was kept and what was not, and the account of all seconds.

The WAVs are hard links to what `normalize` wrote (copies where the file system has no links). The new corpus
is made beside the old one and put in its place at the end.
"""

import argparse
import csv
import io
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from pipeline import audio, manifest, program, run
from pipeline.faults import MARKER, check_corpus
from pipeline.filters import SCORES

STAGE = "export"
PER_SHARD = ("separate", "segment", "slice", "filter", "normalize", "score", "embed")
GLOBAL = ("speaker", "select")
CLIP_FIELDS = (
    "clip path recording source start end duration label speaker similarity lufs lufs_before true_peak_dbtp "
    "voiced_seconds sample_rate url page title uploader published licence fetched_at source_kind"
).split() + [name for name in SCORES if name != "duration"]
REJECT_FIELDS = "id stage reason message recording source start end".split()


def to_csv(fields: Iterable[str], rows: Iterable[dict]) -> str:
    """Rows as CSV with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def clip_row(row: dict, recording: dict) -> dict:
    """A clip's row with the names that clips.csv uses and what its recording knows of where it comes from."""
    own = {"clip": row["id"], "path": f"wavs/{row['id']}.wav", "recording": row["recording_id"]}
    return recording | row | own


def reject_row(row: dict) -> dict:
    """A reject with the names that rejects.csv uses."""
    return row | {"recording": row["recording_id"]}


def micros(rows: Iterable[dict]) -> int:
    """Whole microseconds between start and end, summed: exact, whatever the number of rows."""
    return sum(round(row["end"] * 1e6) - round(row["start"] * 1e6) for row in rows)


def account(recordings: list[dict], kept: list[dict], rejects: list[dict]) -> dict:
    """The statistics: seconds of input, kept and rejected, reasons per stage, seconds per speaker.

    Raises ManifestError unless kept + rejected = input to the millisecond.
    """
    at_index = [row for row in rejects if row["stage"] == "index"]
    total, good, lost = micros(recordings) + micros(at_index), micros(kept), micros(rejects)
    if abs(total - good - lost) > 1000:
        raise manifest.ManifestError(
            f"export: kept {good / 1e6:.3f} s and rejected {lost / 1e6:.3f} s are not the input's {total / 1e6:.3f} s: "
            "a stage lost or doubled a clip; delete work_dir and run again."
        )
    stages = {}
    for stage in ("crawl", "index", *PER_SHARD, *GLOBAL):
        reasons: dict[str, list[dict]] = {}
        for row in rejects:
            if row["stage"] == stage:
                reasons.setdefault(row["reason"], []).append(row)
        stages[stage] = {reason: tally(rows) for reason, rows in sorted(reasons.items())}
    speakers = sorted({row["speaker"] for row in kept})
    return {
        "schema": manifest.SCHEMA,
        "input": {"recordings": len(recordings) + len(at_index), "seconds": total / 1e6},
        "kept": {"clips": len(kept), "seconds": good / 1e6},
        "rejected": {"rows": len(rejects), "seconds": lost / 1e6},
        "speakers": {name: tally([row for row in kept if row["speaker"] == name]) for name in speakers},
        "labels": {name: tally([row for row in kept if row["label"] == name]) for name in sorted(labels(kept))},
        "stages": stages,
    }


def labels(rows: list[dict]) -> set[str]:
    """The labels that occur."""
    return {row["label"] for row in rows}


def tally(rows: list[dict]) -> dict:
    """{"count", "seconds"} of rows."""
    return {"count": len(rows), "seconds": micros(rows) / 1e6}


def place_wavs(rows: list[dict], corpus: Path, work: Path) -> None:
    """Make corpus/wavs hold exactly the clips of `rows`, by building it beside and renaming."""
    new, old, here = (corpus / name for name in ("wavs.new", "wavs.old", "wavs"))
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    new.mkdir(parents=True)
    for row in rows:
        link_or_copy(work / row["path"], new / f"{row['id']}.wav")
    if here.exists():
        here.rename(old)
    new.rename(here)
    shutil.rmtree(old, ignore_errors=True)


def link_or_copy(source: Path, destination: Path) -> None:
    """A hard link, or a copy where source and destination lie on different file systems."""
    audio.check_there(source)
    try:
        os.link(source, destination)
    except OSError:
        shutil.copyfile(source, destination)


def export(corpus: Path, work: Path, shards: list[str]) -> dict:
    """Write the corpus from the manifests in `work`; give the statistics."""
    check_corpus(corpus)
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / MARKER).touch()
    kept = manifest.read(work / "select" / "manifest.jsonl")
    recordings = [row for shard in shards for row in manifest.read(work / "index" / shard / "manifest.jsonl")]
    places = [work / "index" / "rejects.jsonl"]
    places += [work / stage / shard / "rejects.jsonl" for stage in PER_SHARD for shard in shards]
    places += [work / stage / "rejects.jsonl" for stage in GLOBAL]
    rejects = [row for place in places for row in manifest.read(place, manifest.REJECT)]
    statistics = account(recordings, kept, rejects)
    place_wavs(kept, corpus, work)
    by_id = {row["id"]: row for row in recordings}
    clips = (clip_row(row, by_id[row["recording_id"]]) for row in kept)
    manifest.write_text(corpus / "clips.csv", to_csv(CLIP_FIELDS, clips))
    manifest.write_text(corpus / "rejects.csv", to_csv(REJECT_FIELDS, map(reject_row, rejects)))
    # LJSpeech's layout: id, text, normalized text; the texts are for a transcriber to fill in.
    manifest.write_text(corpus / "metadata.csv", "".join(f"{row['id']}||\n" for row in kept))
    return statistics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=program.Defaults)
    parser.add_argument("--work", type=Path, required=True, help="work folder with the manifests of all stages")
    parser.add_argument("--corpus", type=Path, required=True, help="folder to write the corpus to")
    args = parser.parse_args()
    with run.alone(args.work / "export"):
        statistics = export(args.corpus, args.work, manifest.shards(args.work))
        manifest.write_text(args.corpus / "statistics.json", json.dumps(statistics, indent=1) + "\n")


if __name__ == "__main__":
    program.run(main)
