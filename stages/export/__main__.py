"""export: the corpus. WAVs, the tables of what was kept and what was not, and the account of all seconds.

The WAVs are hard links to what `normalize` wrote (copies where the file system has no links). The new corpus is built
beside the old one and takes its place as a whole; texts that a person wrote are carried over by recording and time.
"""

import json
from pathlib import Path

from engines import scores
from pipeline import audio, corpus, entry, lock, manifest, program, registry, tables, texts
from pipeline.program import Job
from pipeline.rows import Recording, Reject, WantedClip
from stages.export.account import account

STAGE = "export"
CLIP_FIELDS = (
    "clip path recording source sha256 start end duration label speaker similarity lufs lufs_before true_peak_dbtp "
    "voiced_seconds sample_rate url page title uploader published licence fetched_at source_kind"
).split() + [name for name in scores.known() if name != "duration"]
TONE_FIELDS = ["tone", "tone_confidence"]  # where tones were asked for
REJECT_FIELDS = "id stage reason message recording source start end".split()


def clip_row(row: dict, recording: dict) -> dict:
    """A clip's row with the column names of clips.csv, and its recording's provenance."""
    own = {"clip": row["id"], "path": f"{corpus.WAVS}/{row['id']}.wav", "recording": row["recording_id"]}
    return recording | row | own


def read_rejects(work: Path, shards: list[str]) -> list[dict]:
    """The rejects of all stages, in the order of the data."""
    places = []
    for name, stage in registry.stages().items():
        if stage.has_rejects:
            folders = [work / name / shard for shard in shards] if stage.unit == "shard" else [work / name]
            places += [folder / manifest.REJECTS for folder in folders]
    return [row for place in places for row in manifest.stream(place, Reject)]


def export(job: Job) -> dict[str, int]:
    """Write the corpus from the manifests of the work folder; return its files and their sizes in bytes."""
    work, place, shards = job.work, Path(job.settings.corpus_dir), manifest.shards(job.work)
    kept = manifest.read(work / "select" / manifest.MANIFEST, WantedClip)
    recordings = [
        row for shard in shards for row in manifest.stream(manifest.of_shard(work, "index", shard), Recording)
    ]
    rejects = read_rejects(work, shards)
    statistics = account(recordings, kept, rejects, ["crawl", *registry.stages()])

    owner = corpus.owner(work, job.settings.input or [source.model_dump_json() for source in job.settings.sources])
    new = corpus.begin(place, owner)
    carried, left = texts.carry(texts.gather(place), kept)
    (new / corpus.WAVS).mkdir()
    for row in kept:
        audio.check_there(work / row["path"])
        corpus.link_or_copy(work / row["path"], new / corpus.WAVS / f"{row['id']}.wav")
    by_id = {row["id"]: row for row in recordings}
    fields = CLIP_FIELDS + (TONE_FIELDS if any("tone" in row for row in kept) else [])
    tables.write(new / corpus.CLIPS, fields, [clip_row(row, by_id[row["recording_id"]]) for row in kept])
    rejected = [row | {"recording": row["recording_id"]} for row in rejects]
    tables.write(new / corpus.REJECTS, REJECT_FIELDS, rejected)
    manifest.write_text(new / corpus.STATISTICS, json.dumps(statistics, indent=1) + "\n")
    texts.write(new, [row["id"] for row in kept], carried, left)
    names = [texts.ORPHANS] if left else []
    names += [texts.METADATA, corpus.WAVS, corpus.REJECTS, corpus.STATISTICS, corpus.CLIPS]
    files = [path for name in names for path in [new / name, *sorted((new / name).glob("*"))] if path.is_file()]
    sizes = {path.relative_to(new).as_posix(): path.stat().st_size for path in files}
    corpus.replace(place, names)
    if not left:
        (place / texts.ORPHANS).unlink(missing_ok=True)
    # Files that a person writes into may change their size without being damaged.
    return {name: size for name, size in sizes.items() if name not in (texts.METADATA, texts.ORPHANS)}


def main() -> None:
    job = program.parse(STAGE, __doc__)
    with lock.alone(job.out):
        files = export(job)
        summary = {"corpus": job.settings.corpus_dir, "files": files}
        manifest.write_text(job.out / "corpus.json", json.dumps(summary, indent=0) + "\n")


if __name__ == "__main__":
    entry.run(main)
