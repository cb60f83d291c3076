"""score: quality scores and a fingerprint for every clip that is wanted or uncertain, as facts joined by id.

Nothing is dropped here; `select` compares scores with thresholds, in seconds. A score that cannot be measured on a clip
is null. Who speaks is decided earlier, so that no time is spent on unwanted clips.
"""

import numpy as np

from engines import fingerprint, scores
from pipeline import audio, code, entry, program, run
from pipeline.program import Job
from pipeline.rows import NormalizedClip, Scored
from stages.score.memory import Memory

STAGE = "score"
CLIPS_AT_ONCE = 64


def process(rows: list[dict], job: Job, scorer: scores.Scorer) -> run.Outcome:
    """Score the clips of one recording that have not been scored before."""
    memory = Memory(job.out / rows[0]["recording_id"], code.digest(STAGE))
    keys = {row["id"]: memory.key(row) for row in rows}
    unheard, rejects = [row for row in rows if keys[row["id"]] not in memory.scores], []

    def hear(row: dict) -> tuple[scores.Heard, tuple[np.ndarray, np.ndarray]]:
        clip = audio.read(job.work / row["path"])[:, 0]
        sound = scores.Heard(clip, row["sample_rate"], audio.resample(clip, row["sample_rate"], scores.RATE))
        return sound, fingerprint.hashes(*fingerprint.peaks(sound.at_rate, scores.RATE))

    for start in range(0, len(unheard), CLIPS_AT_ONCE):
        measured, torn = run.per_clip(job, unheard[start : start + CLIPS_AT_ONCE], hear, job.settings.threads)
        answers = {row["id"]: row["answer"] for row in rows}
        for reject in torn:
            if answers[reject["id"]] == "confident":
                rejects.append(reject)
            else:  # the speaker stage has already rejected its seconds
                memory.add(keys[reject["id"]], dict.fromkeys(scores.known()), fingerprint.NOTHING)
        for (row, (_, prints)), values in zip(measured, scorer([sound for _, (sound, _) in measured]), strict=True):
            memory.add(keys[row["id"]], values, prints)
    if unheard:
        memory.save()
    dropped = {reject["id"] for reject in rejects}
    numbers = {key: number for number, key in enumerate(memory.of)}
    facts = [
        {key: row[key] for key in ("schema", "id", "recording_id")}
        | {"fingerprints": job.relative(memory.prints), "fingerprint": numbers[keys[row["id"]]]}
        | memory.scores[keys[row["id"]]]
        for row in rows
        if row["id"] not in dropped
    ]
    return facts, rejects


def main() -> None:
    job = program.parse(STAGE, __doc__)
    scorer = scores.load(job.settings.threads, job.settings.device)
    run.run_shard(job, job.inputs(NormalizedClip), lambda rows: process(rows, job, scorer), Scored)


if __name__ == "__main__":
    entry.run(main)
