"""normalize: bring every clip to one loudness by a linear gain, and write the file that the corpus will have.

EBU R 128: integrated loudness to a target, true peak below a limit. A clip that would exceed the limit is left
quieter, never compressed. A clip too short to be measured gets the gain of its recording. The clip is first
resampled to the corpus's rate, so that loudness and peak hold for the file as exported: WAV, mono, 16 bit.
"""

import numpy as np

from engines import loudness
from engines.loudness import bs1770
from engines.protocols import Normalizer
from pipeline import audio, clips, entry, manifest, program, run
from pipeline.program import Job
from pipeline.rows import FilteredClip, NormalizedClip

STAGE = "normalize"
SHARED = (
    "sections",
    "zero_phase",
    "downmix",
    "gain",
    "enhanced_path",
)  # describe the clip's source; the written file needs none


def process(rows: list[dict], job: Job, normalizer: Normalizer) -> run.Outcome:
    """Normalize the clips of one recording; `lufs` and `true_peak_dbtp` are those of the result."""
    settings, rate = job.settings, job.settings.sample_rate

    def read(row: dict) -> np.ndarray:
        return audio.resample(clips.filtered(row, job.work), row["sample_rate"], rate)

    def write(row: dict, clip: np.ndarray, gain: float, before: float | None) -> dict:
        peak = bs1770.true_peak(clip)
        gain = min(gain, settings.true_peak_dbtp - peak)
        path = job.out / row["recording_id"] / f"{row['id']}.wav"
        with audio.writing(path, rate, 1) as wav:
            wav.write(clip * np.float32(10 ** (gain / 20)))
        # The gain is linear, so it simply adds to both levels.
        levels = {
            "lufs": None if before is None else round(before + gain, 2),
            "lufs_before": None if before is None else round(before, 2),
            "true_peak_dbtp": round(peak + gain, 2),
        }
        kept = {name: value for name, value in row.items() if name not in SHARED}
        place = {"parent_id": row["id"], "path": job.relative(path), "vocals": row["path"], "sample_rate": rate}
        return kept | place | levels

    def measured(row: dict) -> tuple[np.ndarray, dict | None]:
        clip = read(row)
        powers = bs1770.block_powers(clip, rate)
        before = bs1770.gated_loudness(powers)
        gain = None if before is None else normalizer.gain_db(clip, rate, before)
        return powers, None if gain is None else write(row, clip, gain, before)

    first, rejects = run.per_clip(job, rows, measured, settings.threads)
    of_recording = bs1770.gated_loudness(np.concatenate([np.zeros(0), *(powers for _, (powers, _) in first)]))

    def unmeasured(row: dict) -> dict | None:
        clip = read(row)
        if of_recording is None or bs1770.true_peak(clip) <= bs1770.ABSOLUTE_GATE_LUFS:
            return None
        return write(row, clip, settings.target_lufs - of_recording, None)

    rest = [row for row, (_, clip) in first if clip is None]
    second, torn = run.per_clip(job, rest, unmeasured, settings.threads)
    silent = [
        manifest.reject(row, STAGE, "silent", "The clip lies below -70 LUFS.") for row, clip in second if clip is None
    ]
    written = {row["id"]: clip for row, clip in [*((row, clip) for row, (_, clip) in first), *second] if clip}
    return [written[row["id"]] for row in rows if row["id"] in written], rejects + torn + silent


def main() -> None:
    job = program.parse(STAGE, __doc__)
    settings = job.settings
    normalizer = loudness.load(settings.engine, settings.target_lufs, settings.true_peak_dbtp)
    run.run_shard(job, job.inputs(FilteredClip), lambda rows: process(rows, job, normalizer), NormalizedClip)


if __name__ == "__main__":
    entry.run(main)
