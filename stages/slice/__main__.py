"""slice: cut clips of one voice out of the vocals, at pauses, never inside a word.

A clip is a place in the vocals: no audio is written. All that is in no clip is listed in the rejects. What a person
cut anew is cut so; where the clips would lie without it is kept, so that such a cut costs no second hearing.
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engines import resemblyzer, spans
from engines.protocols import Embedder
from pipeline import audio, clips, code, decisions, entry, levels, manifest, program, run
from pipeline.decision import OF_CUTS
from pipeline.program import Job
from pipeline.rows import Clip, Segmented, clip_id
from stages.slice import cut, original, recut
from stages.slice.turns import Utterance

STAGE = "slice"
CLIPS_AT_ONCE = 64


def planned(row: dict, labelled: list, job: Job, embedder: Embedder) -> list[Utterance]:
    """The clips of a recording as `plan` gives them, from the run before where nothing has changed."""
    place = job.out / f"{row['recording_id']}.plan.json"
    deciding = [row, labelled, job.deciding, code.digest(STAGE)]
    key = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
    try:
        kept = manifest.read_object(place)
    except (OSError, ValueError):
        kept = {}
    if kept.get("key") != key:
        parts = plan(row, labelled, job, embedder)
        kept = {"key": key, "parts": [(part.start, part.stop, part.label) for part in parts]}
        manifest.write_text(place, json.dumps(kept))
    return [Utterance(*part) for part in kept["parts"]]


def plan(row: dict, labelled: list, job: Job, embedder: Embedder) -> list[Utterance]:
    """The clips of a recording, in frames. labelled: its labelled spans."""
    audio.check_there(job.work / row["vocals"])

    def sound(part: Utterance) -> np.ndarray:
        place = {"start": part.start / levels.FRAMES_PER_SECOND, "end": part.stop / levels.FRAMES_PER_SECOND}
        return clips.place(row | place | {"path": row["vocals"]}, job.work)

    def resampled(part: Utterance) -> np.ndarray:
        return audio.resample(sound(part), audio.WORK_RATE, embedder.SAMPLE_RATE)

    settings = job.settings
    seconds = {name: getattr(settings, f"{name}_seconds") for name in ("min", "max", "padding", "merge", "pause")}

    def by_pydub(span: Utterance, level: np.ndarray) -> list[Utterance]:
        return original.utterances(span, level, sound(span))

    divide = by_pydub if settings.engine == "original" else cut.utterances
    with ThreadPoolExecutor(settings.threads) as pool:

        def embed(parts: list[Utterance]) -> list:
            batches = (parts[first : first + CLIPS_AT_ONCE] for first in range(0, len(parts), CLIPS_AT_ONCE))
            return [embedding for batch in batches for embedding in embedder.embed(list(pool.map(resampled, batch)))]

        level = levels.of_vocals(row, job.work, pool)
        return cut.plan(cut.with_gaps(labelled, row["gaps"]), level, settings.labels, seconds, embed, divide)


def process(rows: list[dict], job: Job, embedder: Embedder) -> run.Outcome:
    """Cut one recording into clips, and list the rest with its reasons. A row's `cuts` are what people decided."""
    (row,) = ({key: value for key, value in row.items() if key != "cuts"} for row in rows)
    audio.check_there(job.work / row["path"])
    labelled = spans.read_csv(job.work / row["path"])
    frames = round(row["duration"] * audio.WORK_RATE) // levels.HOP
    made = recut.apply(planned(row, labelled, job, embedder), rows[0].get("cuts", []), frames)
    if not made:
        message = f"No clip of {' or '.join(job.settings.labels)} of at least {job.settings.min_seconds:g} s."
        return [], [manifest.reject(row, STAGE, "no_speech", message)]
    common = {key: row[key] for key in ("schema", "recording_id", "source", "sha256", "downmix", "gain")}
    common |= {"path": row["vocals"], "sample_rate": audio.WORK_RATE, "parent_id": row["id"]}
    cuts, parts = [], [part for part, _ in made]
    for part, ids in made:
        start, end = part.start / levels.FRAMES_PER_SECOND, part.stop / levels.FRAMES_PER_SECOND
        place = {"id": clip_id(row["recording_id"], start, end), "start": start, "end": end}
        evidence = cut.evidence_of(start, end, labelled, row["evidence"]) if "evidence" in row else {}
        cuts.append(common | place | evidence | {"duration": round(end - start, 6), "label": part.label, "cut_by": ids})
    spaced = cut.with_gaps(labelled, row["gaps"])
    rejects = [
        manifest.reject(
            row, STAGE, reason, f"In no clip: {reason}.", (f"{clip_id(row['id'], start, end)}_out", start, end)
        )
        for reason, start, end in cut.leftovers(parts, spaced, job.settings.labels, row["duration"])
    ]
    return cuts, rejects


def main() -> None:
    job = program.parse(STAGE, __doc__)
    embedder = resemblyzer.load("onnx", job.settings.threads, job.settings.device)
    told: dict[str, list[dict]] = {}
    for decision in decisions.of(Path(job.settings.decisions)):
        if decision.kind in OF_CUTS:
            told.setdefault(decision.place[0], []).append(decision.model_dump())
    inputs = [row | {"cuts": told.get(row["sha256"], [])} for row in job.inputs(Segmented)]
    run.run_shard(job, inputs, lambda rows: process(rows, job, embedder), Clip)


if __name__ == "__main__":
    entry.run(main)
