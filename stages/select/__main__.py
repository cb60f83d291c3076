"""select: keep clips whose scores lie within the thresholds; of clips that hold the same sound keep one or none.

`score` has measured the clips, `match` has found repeated sounds. Here their facts are joined by the clips' ids and
compared, so that a changed threshold costs seconds. Thresholds come first, so that the repeat that is kept is a good
one. Rows are read one at a time: a corpus may have a million clips.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline import entry, lock, manifest, program
from pipeline.program import Job
from pipeline.rows import Reject, Scored, Toned, WantedClip
from stages.select import repeats
from stages.select.thresholds import Thresholds, decide

STAGE = "select"
NO_TONE = {"tone": "", "tone_confidence": None}


def wanted(work: Path) -> Iterator[dict]:
    """The clips of the wanted voices with their scores, shard by shard."""
    for shard in manifest.shards(work):
        facts = {fact["id"]: fact for fact in manifest.stream(manifest.of_shard(work, "score", shard), Scored)}
        for row in manifest.lines(manifest.of_shard(work, "speaker", shard)):
            if row["answer"] == "confident" and row["id"] in facts:  # else score has rejected it
                yield row | facts[row["id"]]


def tones_of(work: Path) -> dict[str, dict]:
    """Tone and confidence of the clips that have been judged, by id."""
    facts = manifest.stream(work / "tone" / manifest.MANIFEST, Toned)
    return {fact["id"]: {name: fact[name] for name in NO_TONE} for fact in facts}


def select(job: Job) -> None:
    """Write the manifest and the rejects."""
    thresholds = Thresholds.of(job.settings.filters.model_dump())
    matches = list(manifest.lines(job.work / "match" / "matches.jsonl"))
    good = (row["id"] for row in wanted(job.work) if not thresholds.faults(row))
    repeated = repeats.dropped(good, matches, job.settings.keep)
    asked = job.settings.model is not None or job.settings.clusters != 0
    tones = tones_of(job.work) if asked else {}
    with (
        manifest.writing(job.out / manifest.MANIFEST, WantedClip) as kept,
        manifest.writing(job.out / manifest.REJECTS, Reject) as dropped,
    ):
        for row in wanted(job.work):
            if why := decide(row, thresholds, repeated):
                dropped(manifest.reject(row, STAGE, *why))
            else:
                kept(row | tones.get(row["id"], NO_TONE if tones else {}) | {"parent_id": row["id"]})


def main() -> None:
    job = program.parse(STAGE, __doc__)
    with lock.alone(job.out):
        select(job)


if __name__ == "__main__":
    entry.run(main)
