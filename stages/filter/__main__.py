"""filter: the low-pass, high-pass and notches for each clip, as second-order sections in its row.

The filter is designed here and applied where the clip is first read as a whole, in normalize: no audio is written.
"""

from functools import cache

from pipeline import entry, program, run
from pipeline.rows import Clip, FilteredClip
from stages.filter import design

STAGE = "filter"


def main() -> None:
    job = program.parse(STAGE, __doc__)

    @cache
    def sections(sample_rate: int) -> list[list[float]]:
        return design.sections(job.settings, sample_rate).tolist()

    def process(rows: list[dict]) -> run.Outcome:
        filtered = [
            row
            | {"parent_id": row["id"], "sections": sections(row["sample_rate"]), "zero_phase": job.settings.zero_phase}
            for row in rows
        ]
        return filtered, []

    before = "slice" if job.settings.mode == "off" else "enhance"
    run.run_shard(job, job.inputs(Clip, before), process, FilteredClip)


if __name__ == "__main__":
    entry.run(main)
