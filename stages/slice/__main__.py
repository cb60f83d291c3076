"""slice: cut clips of one voice out of the vocals, at pauses, never inside a word.

A clip is a place in the vocals: no audio is written. All that is in no clip is listed in the rejects.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engines import resemblyzer, spans
from engines.protocols import Embedder
from pipeline import audio, clips, entry, manifest, program, run
from pipeline.program import Job
from pipeline.rows import Clip, Segmented, clip_id
from stages.slice import cut, original
from stages.slice.turns import Utterance

STAGE = "slice"
CLIPS_AT_ONCE = 64
PIECE = 3000  # frames whose levels are measured at once


def plan(row: dict, job: Job, embedder: Embedder) -> tuple[list[Utterance], list[tuple[str, float, float]]]:
    """The clips of a recording, in frames, and its labelled spans."""
    audio.check_there(job.work / row["path"])
    audio.check_there(job.work / row["vocals"])
    labelled = spans.read_csv(job.work / row["path"])

    def sound(part: Utterance) -> np.ndarray:
        place = {"start": part.start / cut.FRAMES_PER_SECOND, "end": part.stop / cut.FRAMES_PER_SECOND}
        return clips.place(row | place | {"path": row["vocals"]}, job.work)

    def resampled(part: Utterance) -> np.ndarray:
        return audio.resample(sound(part), audio.WORK_RATE, embedder.SAMPLE_RATE)

    settings = job.settings
    seconds = {name: getattr(settings, f"{name}_seconds") for name in ("min", "max", "padding", "merge", "pause")}

    def by_pydub(span: Utterance, level: np.ndarray) -> list[Utterance]:
        return original.utterances(span, level, sound(span))

    divide = by_pydub if settings.engine == "original" else cut.utterances
    frames = round(row["duration"] * audio.WORK_RATE) // cut.HOP
    pieces = [Utterance(first, min(first + PIECE, frames), "") for first in range(0, frames, PIECE)]
    with ThreadPoolExecutor(settings.threads) as pool:

        def embed(parts: list[Utterance]) -> list:
            batches = (parts[first : first + CLIPS_AT_ONCE] for first in range(0, len(parts), CLIPS_AT_ONCE))
            return [embedding for batch in batches for embedding in embedder.embed(list(pool.map(resampled, batch)))]

        level = np.concatenate([np.zeros(0), *pool.map(lambda piece: cut.levels(iter([sound(piece)])), pieces)])
        return cut.plan(cut.with_gaps(labelled, row["gaps"]), level, settings.labels, seconds, embed, divide), labelled


def process(rows: list[dict], job: Job, embedder: Embedder) -> run.Outcome:
    """Cut one recording into clips, and list the rest with its reasons."""
    (row,) = rows
    parts, labelled = plan(row, job, embedder)
    if not parts:
        message = f"No clip of {' or '.join(job.settings.labels)} of at least {job.settings.min_seconds:g} s."
        return [], [manifest.reject(row, STAGE, "no_speech", message)]
    common = {key: row[key] for key in ("schema", "recording_id", "source", "sha256", "downmix", "gain")}
    common |= {"path": row["vocals"], "sample_rate": audio.WORK_RATE, "parent_id": row["id"]}
    cuts = []
    for part in parts:
        start, end = part.start / cut.FRAMES_PER_SECOND, part.stop / cut.FRAMES_PER_SECOND
        place = {"id": clip_id(row["recording_id"], start, end), "start": start, "end": end}
        evidence = cut.evidence_of(start, end, labelled, row["evidence"]) if "evidence" in row else {}
        cuts.append(common | place | evidence | {"duration": round(end - start, 6), "label": part.label})
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
    run.run_shard(job, job.inputs(Segmented), lambda rows: process(rows, job, embedder), Clip)


if __name__ == "__main__":
    entry.run(main)
