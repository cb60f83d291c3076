"""embed: the voice of every clip as a Resemblyzer d-vector (256 numbers), for the speaker stage.

Writes one .npz per recording with `vectors` (clips, 256), zeros where nothing was left to embed.
"""

from pathlib import Path

import numpy as np

from pipeline import arrays, audio, manifest, program, run

STAGE = "embed"
DIMENSIONS = 256
CLIPS_AT_ONCE = 64


def load(engine: str, threads: int, device: str):
    """The embedder of an engine; its model is loaded once, for the whole shard."""
    if engine == "original":
        from stages.engines.embed_resemblyzer import Embedder
    else:
        from stages.engines.embed_onnx import Embedder
    return Embedder(threads=threads, device=device)


def process(rows: list[dict], embedder, out: Path, work: Path) -> run.Outcome:
    """Embed the clips of one recording; rows say which vector is theirs and how many seconds of voice it rests on."""
    found = []
    for start in range(0, len(rows), CLIPS_AT_ONCE):
        clips = [
            audio.resample(audio.read(work / row["path"])[:, 0], row["sample_rate"], embedder.SAMPLE_RATE)
            for row in rows[start : start + CLIPS_AT_ONCE]
        ]
        found += embedder.embed(clips)
    vectors = np.stack([np.zeros(DIMENSIONS, np.float32) if one.vector is None else one.vector for one in found])
    path = out / f"{rows[0]['recording_id']}.npz"
    arrays.save(path, vectors=vectors)
    voice = {"embeddings": program.relative(path, work)}
    made = [
        row | voice | {"parent_id": row["id"], "embedding": i, "voiced_seconds": round(one.voiced_seconds, 3)}
        for i, (row, one) in enumerate(zip(rows, found, strict=True))
    ]
    return made, []


def main() -> None:
    parser = program.parser(__doc__)
    program.add_model_flags(parser)
    args = parser.parse_args()
    embedder = load(args.engine, args.threads, args.device)

    def one(rows: list[dict]) -> run.Outcome:
        return process(rows, embedder, args.out, args.work)

    inputs = manifest.read(args.manifest)
    run.run_shard(STAGE, inputs, args.out, one, program.settings(args), args.max_failed_fraction)


if __name__ == "__main__":
    program.run(main)
