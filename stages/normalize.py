"""normalize: bring every clip to one loudness by a linear gain, as the file that will stand in the corpus.

EBU R 128: integrated loudness to a target, true peak below a limit. A clip that would exceed the limit is left
quieter, never compressed. A clip too short to be measured gets the gain of its recording. The clip is first
resampled to the corpus's rate, so that loudness and peak hold for the file as exported: WAV, mono, 16 bit.
"""

from pathlib import Path

import numpy as np

from pipeline import audio, manifest, program, run
from stages.engines import loudness

STAGE = "normalize"


class Native:
    """Gain from our own BS.1770-4 meter, no process per clip."""

    def __init__(self, target_lufs: float):
        self.target_lufs = target_lufs

    def gain_db(self, clip: np.ndarray, sample_rate: int, lufs: float) -> float:
        """The gain that brings a clip (n,) of integrated loudness `lufs` to the target."""
        return self.target_lufs - lufs


def load(engine: str, target_lufs: float, true_peak_dbtp: float):
    """The normalizer of an engine."""
    if engine == "original":
        from stages.engines.normalize_ffmpeg import Normalizer

        return Normalizer(target_lufs, true_peak_dbtp)
    return Native(target_lufs)


def process(
    rows: list[dict], engine, sample_rate: int, target_lufs: float, true_peak_dbtp: float, out: Path, work: Path
) -> run.Outcome:
    """Normalize the clips of one recording; `lufs` and `true_peak_dbtp` are those of the result."""

    def read(row: dict) -> np.ndarray:
        return audio.resample(audio.read(work / row["path"])[:, 0], row["sample_rate"], sample_rate)

    # Two passes, so that the clips of a long recording are never in memory together.
    powers = [loudness.block_powers(read(row), sample_rate) for row in rows]
    of_recording = loudness.gated_loudness(np.concatenate(powers))
    made, rejects = [], []
    for row, power in zip(rows, powers, strict=True):
        clip, before = read(row), loudness.gated_loudness(power)
        peak = loudness.true_peak(clip)
        if before is not None:
            gain = engine.gain_db(clip, sample_rate, before)
        elif of_recording is not None and peak > loudness.ABSOLUTE_GATE_LUFS:
            gain = target_lufs - of_recording
        else:
            rejects.append(manifest.reject(row, STAGE, "silent", "The clip lies below -70 LUFS."))
            continue
        gain = min(gain, true_peak_dbtp - peak)
        path = out / row["recording_id"] / f"{row['id']}.wav"
        with audio.writing(path, sample_rate, 1) as wav:
            wav.write(clip * np.float32(10 ** (gain / 20)))
        # The gain is linear, so what it does to the measures is known.
        measured = {
            "lufs": None if before is None else round(before + gain, 2),
            "lufs_before": None if before is None else round(before, 2),
            "true_peak_dbtp": round(peak + gain, 2),
        }
        place = {"path": program.relative(path, work), "sample_rate": sample_rate}
        made.append(row | place | measured | {"parent_id": row["id"]})
    return made, rejects


def main() -> None:
    parser = program.parser(__doc__)
    parser.add_argument("--engine", choices=("onnx", "original"), default="onnx", help="native meter, or the package")
    parser.add_argument("--target-lufs", type=float, default=-23.0, help="integrated loudness to reach")
    parser.add_argument("--true-peak-dbtp", type=float, default=-1.0, help="limit of the true peak")
    parser.add_argument("--sample-rate", type=program.count, default=22050, help="rate of the corpus in Hz")
    args = parser.parse_args()
    engine = load(args.engine, args.target_lufs, args.true_peak_dbtp)

    def one(rows: list[dict]) -> run.Outcome:
        target, peak = args.target_lufs, args.true_peak_dbtp
        return process(rows, engine, args.sample_rate, target, peak, args.out, args.work)

    inputs = manifest.read(args.manifest)
    run.run_shard(STAGE, inputs, args.out, one, program.settings(args), args.max_failed_fraction)


if __name__ == "__main__":
    program.run(main)
