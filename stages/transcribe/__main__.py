"""transcribe: what is said in the clips of the wanted voices, as facts joined by id: a candidate for each source.

Nothing is chosen or dropped here; `proofread` compares the candidates and chooses. Captions are put in step with the
speech of the whole recording; recognisers hear clip by clip. Beside the manifest stands, for each recording with
captions, what became of them.
"""

import json
import logging
from pathlib import Path

from engines import recognizers
from pipeline import audio, captions, entry, manifest, program, run
from pipeline.errors import ManifestError
from pipeline.program import Job
from pipeline.rows import NormalizedClip, Segmented, Transcribed
from stages.transcribe import subtitles
from stages.transcribe.memory import Memory
from stages.transcribe.settings import CAPTIONS, of_engine

STAGE = "transcribe"
log = logging.getLogger("voxsieve")


class Ears:
    """The recognisers that are on, each loaded when its first clip comes."""

    def __init__(self, job: Job):
        self.names = [name for name in job.settings.engines if name != CAPTIONS]
        self.settings = {name: of_engine(job.settings, name) for name in self.names}
        self.threads = job.settings.threads
        self.loaded: dict = {}

    def deciding(self, name: str) -> dict:
        """The settings of a recogniser that decide what it hears."""
        return self.settings[name].model_dump(mode="json", exclude=set(recognizers.module(name).MACHINE))

    def hear(self, name: str, clips: list[dict], job: Job, memory: Memory) -> None:
        """Let a recogniser hear the clips that it has not heard before."""
        keys = {clip["id"]: memory.key(clip, name, self.deciding(name)) for clip in clips}
        unheard = [clip for clip in clips if keys[clip["id"]] not in memory.heard]
        if not unheard:
            return
        if name not in self.loaded:
            self.loaded[name] = recognizers.module(name).Recognizer(self.settings[name], self.threads)

        def sound(clip: dict):
            samples = audio.read(job.work / clip["path"])[:, 0]
            return clip["id"], audio.resample(samples, clip["sample_rate"], recognizers.RATE)

        readable = (answer for clip in unheard for _, answer in run.per_clip(job, [clip], sound, 1)[0])
        for clip_id, recognition in self.loaded[name].recognize(readable):
            memory.add(keys[clip_id], recognition)


def process(rows: list[dict], job: Job, segmented: dict[str, dict], beside: dict[str, list], ears: Ears) -> run.Outcome:
    """The candidates for the clips of one recording."""
    recording = segmented[rows[0]["recording_id"]]
    wanted = [row for row in rows if row["answer"] == "confident"]
    candidates: dict[str, list[dict]] = {row["id"]: [] for row in rows}
    asked: dict[str, list[str]] = {row["id"]: [] for row in rows}
    languages = dict.fromkeys(candidates, job.settings.language)
    files = [job.work / path for path, _ in beside.get(recording["id"], ())]
    if CAPTIONS in job.settings.engines and files and wanted:
        brought = subtitles.of_recording(recording, files, rows, job)
        manifest.write_text(job.out / f"{recording['id']}.captions.json", json.dumps(brought.account, indent=1) + "\n")
        for row in wanted if brought.used else ():
            asked[row["id"]].append(CAPTIONS)
            candidates[row["id"]] += brought.texts.get(row["id"], [])
            languages[row["id"]] = languages[row["id"]] or brought.language
    memory = Memory(job.out / f"{recording['id']}.heard.jsonl")
    try:
        for name in ears.names:
            about = recognizers.known()[name]
            clips = [row for row in wanted if about.understands(languages[row["id"]])]
            ears.hear(name, clips, job, memory)
            for row in clips:
                asked[row["id"]].append(name)
                if heard := memory.heard.get(memory.key(row, name, ears.deciding(name))):
                    candidates[row["id"]].append(candidate(name, heard, languages[row["id"]]))
    finally:
        memory.close()
    order = {name: number for number, name in enumerate(job.settings.engines)}
    facts = [
        {key: row[key] for key in ("schema", "id", "recording_id")}
        | {"asked": asked[row["id"]]}
        | {"candidates": sorted(candidates[row["id"]], key=lambda text: order[text["source"]])}
        for row in rows
    ]
    return facts, []


def candidate(source: str, heard, language: str | None) -> dict:
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


def announce(job: Job, rows: list[dict], ears: Ears) -> None:
    """Say how much is sent to a service, before it is."""
    wanted = [row for row in rows if row["answer"] == "confident"]
    for name in ears.names:
        if say := getattr(recognizers.module(name), "announce", None):
            memories: dict[str, Memory] = {}
            unheard = [
                row
                for row in wanted
                if Memory.key(row, name, ears.deciding(name))
                not in memories.setdefault(
                    row["recording_id"], Memory(job.out / f"{row['recording_id']}.heard.jsonl")
                ).heard
            ]
            seconds = sum(row["duration"] for row in unheard)
            log.warning("transcribe %s: %s", job.shard, say(ears.settings[name], len(unheard), seconds))


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
    announce(job, rows, ears)
    run.run_shard(job, rows, lambda group: process(group, job, segmented, beside, ears), Transcribed)


if __name__ == "__main__":
    entry.run(main)
