"""describe: how every wanted clip is spoken (pitch, voice quality, timbre, rhythm), as facts joined by the clip's id.

Writes one .npz per recording with `vectors` (clips, descriptors); NaN where a clip holds no voice. `tone` reads them.
"""

import numpy as np

from engines.tone import descriptors, frames
from pipeline import arrays, audio, entry, program, run
from pipeline.program import Job
from pipeline.rows import Described, NormalizedClip

STAGE = "describe"


def process(rows: list[dict], job: Job) -> run.Outcome:
    """Describe the clips of one recording: for each the number of its vector."""
    unknown = np.full(len(descriptors.names()), np.nan, np.float32)

    def hear(row: dict) -> np.ndarray | None:
        clip = audio.read(job.work / row["path"])[:, 0]
        return descriptors.vector(audio.resample(clip, row["sample_rate"], frames.RATE))

    heard, _ = run.per_clip(job, rows, hear, job.settings.threads)
    vectors = {row["id"]: vector for row, vector in heard if vector is not None}
    path = job.out / f"{rows[0]['recording_id']}.npz"
    arrays.save(path, vectors=np.array([vectors.get(row["id"], unknown) for row in rows], np.float32))
    place = {"descriptors": job.relative(path)}
    known = ("schema", "id", "recording_id")
    return [{key: row[key] for key in known} | place | {"descriptor": at} for at, row in enumerate(rows)], []


def main() -> None:
    job = program.parse(STAGE, __doc__)
    wanted = [row for row in job.inputs(NormalizedClip) if row["answer"] == "confident"]
    run.run_shard(job, wanted, lambda rows: process(rows, job), Described)


if __name__ == "__main__":
    entry.run(main)
