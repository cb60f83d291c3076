"""select: keep clips whose scores and texts lie within the thresholds; of clips with the same sound keep one or none.

`score` has measured the clips, `proofread` their texts, `match` has found repeated sounds. Here their facts are joined
by the clips' ids and compared, so that a changed threshold costs seconds. Thresholds come first, so that the repeat
that is kept is a good one. A clip that a person keeps or drops is kept or dropped, whatever is measured. Rows are read
one at a time: a corpus may have a million clips.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline import decisions, entry, manifest, program, vouch
from pipeline.decision import Decision
from pipeline.errors import ManifestError
from pipeline.places import Latest
from pipeline.program import Job
from pipeline.rows import Proofread, Reject, Scored, Toned, WantedClip
from stages.select import repeats
from stages.select.settings import DECIDED
from stages.select.thresholds import Thresholds, decide

STAGE = "select"
NO_TONE = {"tone": "", "tone_confidence": None}


def wanted(work: Path) -> Iterator[dict]:
    """The clips of the wanted voices with their scores and texts, shard by shard."""
    texts = manifest.stream(work / "proofread" / manifest.MANIFEST, Proofread)
    text = next(texts, None)
    for shard in manifest.shards(work):
        facts = {fact["id"]: fact for fact in manifest.stream(manifest.of_shard(work, "score", shard), Scored)}
        for row in manifest.lines(manifest.of_shard(work, "speaker", shard)):
            if row["answer"] != "confident":
                continue
            if text is None or text["id"] != row["id"]:
                raise ManifestError(f"proofread has no row for {row['id']}: run again with -R proofread.")
            if row["id"] in facts:  # else score has rejected it
                yield row | facts[row["id"]] | text
            text = next(texts, None)


def judged(row: dict, thresholds: Thresholds, untrusted: str) -> tuple[dict, list[tuple[str, str]]]:
    """A row as it is kept, and what is wrong with it; untrusted: what becomes of a text that fails."""
    doubts = thresholds.text_faults(row)
    if doubts and untrusted == "keep_without_text":
        row = row | {"text": "", "text_normalized": "", "text_source": "", "text_confidence": None}
    return row, thresholds.faults(row) + (doubts if untrusted == "drop" else [])


def tones_of(work: Path) -> dict[str, dict]:
    """Tone and confidence of the clips that have one or were judged, by id; where a person said so, `decided` too."""
    return {
        fact["id"]: {name: fact[name] for name in NO_TONE} | ({"decided": "clip"} if fact["by_person"] else {})
        for fact in manifest.stream(work / "tone" / manifest.MANIFEST, Toned)
    }


def select(job: Job) -> None:
    """Write the manifest and the rejects."""
    thresholds = Thresholds.of(job.settings.filters.model_dump())
    matches = list(manifest.lines(job.work / "match" / "matches.jsonl"))
    told = decisions.of(Path(job.settings.decisions))
    verdicts = Latest(decision for decision in told if decision.kind in DECIDED)

    def rows() -> Iterator[tuple[dict, list[tuple[str, str]], Decision | None]]:
        for row in wanted(job.work):
            yield *judged(row, thresholds, job.settings.untrusted), verdicts.of(row)

    good = (row["id"] for row, faults, verdict in rows() if not decide(row, faults, {}, verdict))
    repeated = repeats.dropped(good, matches, job.settings.keep)
    tones = tones_of(job.work) if job.settings.model or job.settings.clusters else {}
    with (
        manifest.writing(job.out / manifest.MANIFEST, WantedClip) as kept,
        manifest.writing(job.out / manifest.REJECTS, Reject) as dropped,
    ):
        for row, faults, verdict in rows():
            if why := decide(row, faults, repeated, verdict):
                dropped(manifest.reject(row, STAGE, *why))
            else:
                kept(row | tones.get(row["id"], NO_TONE if tones else {}) | {"parent_id": row["id"]})


def main() -> None:
    job = program.parse(STAGE, __doc__)
    with vouch.alone(job.out):
        select(job)


if __name__ == "__main__":
    entry.run(main)
