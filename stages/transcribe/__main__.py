"""transcribe: what is said in the clips of the wanted voices, as facts joined by id: a candidate for each source.

Nothing is chosen or dropped here; `proofread` compares the candidates and chooses. Captions are put in step with the
speech of the whole recording; recognisers hear clip by clip. Beside the manifest stand, for each recording, what became
of its captions and what was heard.
"""

import json
import logging
from pathlib import Path

from engines import recognizers
from engines.recognition import Recognition
from pipeline import captions, entry, manifest, program, run
from pipeline.errors import ManifestError
from pipeline.program import Job
from pipeline.rows import NormalizedClip, Segmented, Transcribed
from stages.transcribe import subtitles
from stages.transcribe.ears import Ears
from stages.transcribe.settings import CAPTIONS
from stages.transcribe.subtitles import Brought

STAGE = "transcribe"
log = logging.getLogger("voxsieve")


def process(rows: list[dict], job: Job, segmented: dict[str, dict], beside: dict[str, list], ears: Ears) -> run.Outcome:
    """The candidates for the clips of one recording; those of uncertain voices have none."""
    wanted = [row for row in rows if row["answer"] == "confident"]
    recording = segmented[rows[0]["recording_id"]]
    brought = bring(recording, [job.work / path for path, _ in beside.get(recording["id"], ())], rows, job)
    language = job.settings.language or brought.language
    asked = [CAPTIONS] if brought.used else []
    candidates = {row["id"]: [] for row in rows} | {row["id"]: brought.texts.get(row["id"], []) for row in wanted}
    memory = ears.memory(recording["id"])
    for name in ears.names:
        if recognizers.known()[name].understands(language):
            asked.append(name)
            for clip, heard in ears.hear(name, wanted, memory).items():
                candidates[clip] = [*candidates[clip], candidate(name, heard, language)]
    order = {name: number for number, name in enumerate(job.settings.engines)}
    facts = [
        {key: row[key] for key in ("schema", "id", "recording_id")}
        | {"asked": asked if row in wanted else []}
        | {"candidates": sorted(candidates[row["id"]], key=lambda text: order[text["source"]])}
        for row in rows
    ]
    return facts, []


def bring(recording: dict, files: list[Path], rows: list[dict], job: Job) -> Brought:
    """What the captions beside a recording bring, and the account of it."""
    account = job.out / f"{recording['id']}.captions.json"
    if CAPTIONS not in job.settings.engines or not files:
        account.unlink(missing_ok=True)
        return Brought()
    brought = subtitles.of_recording(recording, files, rows, job)
    manifest.write_text(account, json.dumps(brought.account, indent=1) + "\n")
    return brought


def candidate(source: str, heard: Recognition, language: str | None) -> dict:
    """What a recogniser heard, as it stands in a row; words as [text, start, end, probability]."""
    return {
        "source": source,
        "text": " ".join(heard.text.split()),
        "language": heard.language or language,
        "confidence": None,
        "log_probability": heard.log_probability,
        "no_speech": heard.no_speech,
        "words": [[word.text, word.start, word.end, word.probability] for word in heard.words],
    }


def read_captions(place: Path) -> dict[str, list]:
    """Recording -> [path, identity] of its caption files, as the index lists them."""
    try:
        return json.loads(place.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise ManifestError(f"{place} cannot be read: run again with -R index, which writes it.") from error


def main() -> None:
    job = program.parse(STAGE, __doc__)
    rows = job.inputs(NormalizedClip)
    segmented = {row["id"]: row for row in job.inputs(Segmented, "segment")}
    beside = read_captions(job.work / "index" / job.shard / captions.TABLE)
    ears = Ears(job)
    for sentence in ears.announcements([row for row in rows if row["answer"] == "confident"]):
        log.warning("transcribe %s: %s", job.shard, sentence)
    run.run_shard(job, rows, lambda group: process(group, job, segmented, beside, ears), Transcribed, beside)


if __name__ == "__main__":
    entry.run(main)
