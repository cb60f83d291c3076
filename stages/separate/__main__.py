"""separate: separate the voice from the rest with Spleeter 2stems, over the whole length, in bounded memory.

The vocals are FLAC, 16 bit, 44.1 kHz, with as many channels as the recording (at most two) and exactly its length.
"""

from engines import spleeter
from engines.protocols import Separator
from pipeline import audio, entry, program, run
from pipeline.program import Job
from pipeline.rows import Recording, Separated
from stages.separate import vocals

STAGE = "separate"


def process(rows: list[dict], job: Job, separator: Separator) -> run.Outcome:
    """Separate one recording; its row points to the vocals and keeps the source's path as `mixture`."""
    (row,) = rows
    path = job.out / f"{row['id']}.flac"
    beside = job.out / f"{row['id']}.accompaniment.flac" if job.settings.accompaniment else None
    vocals.separate(row, job.work / row["path"], path, beside, separator)
    separated = row | {
        "parent_id": row["id"],
        "path": job.relative(path),
        "mixture": row["path"],
        "gain": vocals.headroom(row["peak"]),
        "sample_rate": audio.WORK_RATE,
        "channels": min(row["channels"], 2),
    }
    if beside:
        separated["accompaniment"] = job.relative(beside)
    return [separated], []


def main() -> None:
    job = program.parse(STAGE, __doc__)
    separator = spleeter.load(job.settings.engine, job.settings.threads, job.settings.device)
    run.run_shard(job, job.inputs(Recording), lambda rows: process(rows, job, separator), Separated)


if __name__ == "__main__":
    entry.run(main)
