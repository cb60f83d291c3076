"""embed: a Resemblyzer d-vector (256 numbers) for the voice of every clip, as facts joined by the clip's id.

Writes one .npz per recording with `vectors` (clips, 256), zeros where nothing was left to embed, and with what each was
made of, so that after a changed cut only the clips that are new are heard.
"""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from engines import resemblyzer
from engines.protocols import Embedder
from pipeline import arrays, audio, code, entry, heard, program, run
from pipeline.program import Job
from pipeline.rows import Embedded, NormalizedClip

STAGE = "embed"
CLIPS_AT_ONCE = 64


def process(rows: list[dict], job: Job, embedder: Embedder) -> run.Outcome:
    """Embed the clips of one recording: for each the number of its vector, and the seconds of voice behind it.

    Clips that the run before has heard are not heard again.
    """

    def read(row: dict) -> np.ndarray:
        return audio.resample(audio.read(job.work / row["path"])[:, 0], row["sample_rate"], embedder.SAMPLE_RATE)

    path = job.out / f"{rows[0]['recording_id']}.npz"
    deciding = code.digest(STAGE), job.deciding
    keys = {row["id"]: heard.key(row, *deciding) for row in rows}
    known, rejects = kept(path), []
    unheard = [row for row in rows if keys[row["id"]] not in known]
    for start in range(0, len(unheard), CLIPS_AT_ONCE):
        sounds, torn = run.per_clip(job, unheard[start : start + CLIPS_AT_ONCE], read, job.settings.threads)
        rejects += torn
        for (row, _), voice in zip(sounds, embedder.embed([sound for _, sound in sounds]), strict=True):
            vector = np.zeros(resemblyzer.DIMENSIONS, np.float32) if voice.vector is None else voice.vector
            known[keys[row["id"]]] = vector, round(voice.voiced_seconds, 3)
    embedded = [row for row in rows if keys[row["id"]] in known]
    facts = [
        {name: row[name] for name in ("schema", "id", "recording_id")}
        | {"embeddings": job.relative(path), "embedding": number, "voiced_seconds": known[keys[row["id"]]][1]}
        for number, row in enumerate(embedded)
    ]
    vectors = [known[keys[row["id"]]][0] for row in embedded]
    arrays.save(
        path,
        vectors=np.array(vectors, np.float32).reshape(-1, resemblyzer.DIMENSIONS),
        keys=np.array([keys[row["id"]] for row in embedded], "U24"),
        seconds=np.array([fact["voiced_seconds"] for fact in facts]),
    )
    return facts, rejects


def kept(path: Path) -> dict[str, tuple[np.ndarray, float]]:
    """Vector and seconds of voice by key, of the run before; nothing where there was none."""
    try:
        stored = dict(np.load(path))
        vectors = zip(stored["vectors"], stored["seconds"].tolist(), strict=True)
        return dict(zip(stored["keys"].tolist(), vectors, strict=True))
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
        return {}


def main() -> None:
    job = program.parse(STAGE, __doc__)
    embedder = resemblyzer.load(job.settings.engine, job.settings.threads, job.settings.device)
    run.run_shard(job, job.inputs(NormalizedClip), lambda rows: process(rows, job, embedder), Embedded)


if __name__ == "__main__":
    entry.run(main)
