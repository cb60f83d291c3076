"""separate: take the voice out of the mixture with Spleeter 2stems, the whole length, in bounded memory.

The vocals are FLAC, 16 bit, 44.1 kHz, with as many channels as the recording (at most two) and exactly its length.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from pipeline import audio, manifest, program, run
from pipeline.errors import Reject

STAGE = "separate"


def load(engine: str, threads: int, device: str):
    """The separator of an engine; its model is loaded once, for the whole shard."""
    if engine == "original":
        from stages.engines.separate_spleeter import Separator
    else:
        from stages.engines.separate_onnx import Separator
    return Separator(threads=threads, device=device)


def as_stereo(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Blocks (n, 1) doubled to (n, 2), as Spleeter does; (n, 2) unchanged."""
    for block in blocks:
        yield np.repeat(block, 2, axis=1) if block.shape[1] == 1 else block


def process(rows: list[dict], separator, out: Path, work: Path, accompaniment: bool) -> run.Outcome:
    """Separate one recording; its row points to the vocals and keeps the source's path as `mixture`."""
    (row,) = rows
    channels = min(row["channels"], 2)
    path = out / f"{row['id']}.flac"
    beside = out / f"{row['id']}.accompaniment.flac"
    blocks = as_stereo(audio.decode(work / row["path"], audio.WORK_RATE, channels))
    written = 0
    with ExitStack() as files:
        vocals = files.enter_context(audio.writing(path, audio.WORK_RATE, channels))
        other = files.enter_context(audio.writing(beside, audio.WORK_RATE, channels)) if accompaniment else None
        for voice, rest in separator.stream(blocks, accompaniment=accompaniment):
            vocals.write(voice[:, :channels])
            written += len(voice)
            if other:
                other.write(rest[:, :channels])
    expected = round(row["duration"] * audio.WORK_RATE)
    if written != expected:
        raise Reject("length", f"Vocals of {written} samples, expected {expected}: the source changed since index.")
    made = row | {
        "parent_id": row["id"],
        "path": program.relative(path, work),
        "mixture": row["path"],
        "sample_rate": audio.WORK_RATE,
        "channels": channels,
    }
    if accompaniment:
        made["accompaniment"] = program.relative(beside, work)
    return [made], []


def main() -> None:
    parser = program.parser(__doc__)
    program.add_model_flags(parser)
    parser.add_argument("--accompaniment", action="store_true", help="keep the music as well, beside the vocals")
    args = parser.parse_args()
    separator = load(args.engine, args.threads, args.device)

    def one(rows: list[dict]) -> run.Outcome:
        return process(rows, separator, args.out, args.work, args.accompaniment)

    inputs = manifest.read(args.manifest)
    run.run_shard(STAGE, inputs, args.out, one, program.settings(args), args.max_failed_fraction)


if __name__ == "__main__":
    program.run(main)
