"""export: the corpus. WAVs, the tables of what was kept and what was not, and the account of all seconds.

The WAVs are hard links to what `normalize` wrote (copies where the file system has no links). The new corpus is built
beside the old one and takes its place as a whole; texts that a person wrote are carried over by recording and time.
"""

import json
from collections.abc import Container
from pathlib import Path

from engines import scores
from pipeline import (
    audio,
    corpus,
    decided_texts,
    decisions,
    entry,
    manifest,
    metadata,
    program,
    registry,
    tables,
    texts,
    vouch,
)
from pipeline.errors import VoxsieveError
from pipeline.program import Job
from pipeline.rows import Recording, Reject, WantedClip
from stages.export import decided
from stages.export.account import account

STAGE = "export"
CLIP_FIELDS = (
    "clip path recording source sha256 start end duration label speaker similarity lufs lufs_before true_peak_dbtp "
    "decided voiced_seconds sample_rate text text_normalized text_source text_confidence language url page title "
    "uploader published licence fetched_at source_kind"
).split() + [name for name in scores.known() if name != "duration"]
TONE_FIELDS = ["tone", "tone_confidence"]  # where tones were asked for
REJECT_FIELDS = "id stage reason message recording source start end".split()


def clip_row(row: dict, recording: dict) -> dict:
    """A clip's row with the column names of clips.csv, and its recording's provenance."""
    own = {"clip": row["id"], "path": f"{corpus.WAVS}/{row['id']}.wav", "recording": row["recording_id"]}
    return recording | row | own


def versions(row: dict, persons: Container[str]) -> tuple[str, metadata.Version, str]:
    """A clip, what machines heard, and the normalised form of a person's text, as `metadata.write` wants them.

    persons: the clips whose text a person wrote into a corpus or decided on. One that stands in the table
    `transcribe.texts` counts as a machine's here: the table says what it is, until a person edits metadata.csv.
    """
    if "text_heard" in row and row["id"] in persons:
        return row["id"], (row["text_heard"], ""), row["text_normalized"]
    return row["id"], (row["text"], row["text_normalized"]), ""


def read_rejects(work: Path, shards: list[str]) -> list[dict]:
    """The rejects of all stages, in the order of the data."""
    places = []
    for name, stage in registry.stages().items():
        if stage.has_rejects:
            folders = [work / name / shard for shard in shards] if stage.unit == "shard" else [work / name]
            places += [folder / manifest.REJECTS for folder in folders]
    return [row for place in places for row in manifest.stream(place, Reject)]


def export(job: Job) -> list[str]:
    """Write the corpus from the manifests of the work folder; return the names of its files and folders."""
    work, place, shards = job.work, Path(job.settings.corpus_dir), manifest.shards(job.work)
    kept = manifest.read(work / "select" / manifest.MANIFEST, WantedClip)
    recordings = [
        row for shard in shards for row in manifest.stream(manifest.of_shard(work, "index", shard), Recording)
    ]
    rejects = read_rejects(work, shards)
    statistics = account(recordings, kept, rejects, ["crawl", *registry.stages()])

    owner = corpus.owner(work, job.settings.input or [source.model_dump_json() for source in job.settings.sources])
    new = corpus.begin(place, owner)
    holding, edited = decisions.of(Path(job.settings.decisions)), metadata.digest(place / metadata.METADATA)
    carried, left = texts.carry(decided_texts.gather(place, holding), kept)
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
    texts.write(new, (versions(row, carried) for row in kept), carried, left)
    names = [texts.ORPHANS] if left else []
    if unfit := decided.unfit(holding, decided.clips(work) if holding else ()):
        decided.write_unfit(new, unfit)
        names.append(decided.UNFIT)
    decided_texts.write_taken(new, holding)
    names += [decided_texts.TAKEN, metadata.METADATA, metadata.WRITTEN]
    names += [corpus.WAVS, corpus.REJECTS, corpus.STATISTICS, corpus.CLIPS]
    if metadata.digest(place / metadata.METADATA) != edited:
        raise VoxsieveError(
            f"export: {place / metadata.METADATA} was edited while the corpus was made: run snakemake again, which "
            "takes the texts up."
        )
    corpus.replace(place, names)
    if not left:
        (place / texts.ORPHANS).unlink(missing_ok=True)
    if not unfit:
        (place / decided.UNFIT).unlink(missing_ok=True)
    # Files that a person writes into may change without being damaged.
    return [name for name in names if name not in (metadata.METADATA, texts.ORPHANS)]


def main() -> None:
    job = program.parse(STAGE, __doc__)
    with vouch.alone(job.out):
        corpus.record(job.out, Path(job.settings.corpus_dir), export(job))


if __name__ == "__main__":
    entry.run(main)
