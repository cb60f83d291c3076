"""proofread: which text each clip gets, and what speaks for and against it, as facts joined by id.

A text that a person wrote comes first, then the most trusted source that heard something; the others are witnesses.
Thresholds come in `select`, so that they cost seconds to change. Rows are read one at a time, twice: the pace of every
voice is told first.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

from pipeline import decided_texts, decisions, entry, manifest, program, texts, texttable, vouch
from pipeline.program import Job
from pipeline.rows import Proofread, Recording, Transcribed
from pipeline.texts import Text
from stages.proofread import choose, pace

STAGE = "proofread"

logger = logging.getLogger(__name__)


def wanted(work: Path) -> Iterator[tuple[dict, dict]]:
    """The clips of the wanted voices and what was heard in them, shard by shard."""
    for shard in manifest.shards(work):
        facts = {
            fact["id"]: fact for fact in manifest.stream(manifest.of_shard(work, "transcribe", shard), Transcribed)
        }
        for row in manifest.lines(manifest.of_shard(work, "speaker", shard)):
            if row["answer"] == "confident" and row["id"] in facts:
                yield row, facts[row["id"]]


def from_persons(job: Job) -> dict[str, Text]:
    """Clip -> the text that a person wrote for it: in the corpus's own files, a decision, or the table `texts`."""
    written = decided_texts.gather(Path(job.settings.corpus_dir), decisions.of(Path(job.settings.decisions)))
    of_table: list[Text] = []
    if job.settings.texts:
        recordings = [
            row
            for shard in manifest.shards(job.work)
            for row in manifest.stream(manifest.of_shard(job.work, "index", shard), Recording)
        ]
        of_table = texttable.read(Path(job.settings.texts), recordings)
    if not (of_table or written):
        return {}
    carried, left = texts.carry([*of_table, *written], (row for row, _ in wanted(job.work)))
    known = set(of_table)
    if unfit := [text for text in left if text in known]:
        many = f"{len(unfit)} of {len(of_table)} texts"
        logger.warning("%s: %s stand at no wanted clip, the first: '%s'", job.settings.texts, many, unfit[0].text)
    return carried


def proofread(job: Job) -> Iterator[dict]:
    """The facts of every wanted clip."""
    language = job.settings.language
    persons = from_persons(job)
    rates = []
    for row, fact in wanted(job.work):
        chosen = choose.by_machine(fact["candidates"], language)
        if chosen and (value := pace.rate(choose.spelled(chosen), row["duration"])) is not None:
            rates.append((row["speaker"], chosen["language"] or "", value))
    paces = pace.of_voices(rates)
    for row, fact in wanted(job.work):
        known = {key: row[key] for key in ("schema", "id", "recording_id")}
        heard = choose.by_machine(fact["candidates"], language)
        if row["id"] in persons:
            yield known | choose.by_person(persons[row["id"]], heard, language) | {"asked": []}
        elif heard:
            yield known | heard | choose.measured(heard, fact["candidates"], row, paces) | {"asked": fact["asked"]}
        else:
            yield known | choose.NONE | choose.UNHEARD | {"asked": fact["asked"]}


def main() -> None:
    job = program.parse(STAGE, __doc__)
    with vouch.alone(job.out), manifest.writing(job.out / manifest.MANIFEST, Proofread) as write:
        for fact in proofread(job):
            write(fact)


if __name__ == "__main__":
    entry.run(main)
