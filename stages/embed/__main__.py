"""embed: a Resemblyzer d-vector (256 numbers) for the voice of every clip, as facts joined by the clip's id.

Writes one .npz per recording with `vectors` (clips, 256), zeros where nothing was left to embed.
"""

import numpy as np

from engines import resemblyzer
from engines.protocols import Embedder
from pipeline import arrays, audio, entry, program, run
from pipeline.program import Job
from pipeline.rows import Embedded, NormalizedClip

STAGE = "embed"
CLIPS_AT_ONCE = 64


def process(rows: list[dict], job: Job, embedder: Embedder) -> run.Outcome:
    """Embed the clips of one recording: for each the number of its vector, and the seconds of voice behind it."""

    def read(row: dict) -> np.ndarray:
        return audio.resample(audio.read(job.work / row["path"])[:, 0], row["sample_rate"], embedder.SAMPLE_RATE)

    path = job.out / f"{rows[0]['recording_id']}.npz"
    vectors, facts, rejects = [], [], []
    for start in range(0, len(rows), CLIPS_AT_ONCE):
        sounds, torn = run.per_clip(job, rows[start : start + CLIPS_AT_ONCE], read, job.settings.threads)
        rejects += torn
        voices = embedder.embed([sound for _, sound in sounds])
        for (row, _), voice in zip(sounds, voices, strict=True):
            place = {"embeddings": job.relative(path), "embedding": len(vectors)}
            seconds = {"voiced_seconds": round(voice.voiced_seconds, 3)}
            facts.append({key: row[key] for key in ("schema", "id", "recording_id")} | place | seconds)
            vectors.append(np.zeros(resemblyzer.DIMENSIONS, np.float32) if voice.vector is None else voice.vector)
    arrays.save(path, vectors=np.array(vectors, np.float32).reshape(-1, resemblyzer.DIMENSIONS))
    return facts, rejects


def main() -> None:
    job = program.parse(STAGE, __doc__)
    embedder = resemblyzer.load(job.settings.engine, job.settings.threads, job.settings.device)
    run.run_shard(job, job.inputs(NormalizedClip), lambda rows: process(rows, job, embedder), Embedded)


if __name__ == "__main__":
    entry.run(main)
