"""reference: embed the reference clips of the targets, one vector per target.

A target is a file or a folder of clips of one voice; its vector is the mean of its clips', as Resemblyzer's
embed_speaker has it.
"""

import argparse
from pathlib import Path

import numpy as np

from pipeline import audio, inputs, program
from pipeline.errors import ConfigError
from stages.embed import load

LEAST_SECONDS = 1.6


def embed_target(name: str, path: str, embedder) -> np.ndarray:
    """The unit vector (256,) of a target. Raises ConfigError where its clips hold too little voice."""
    clips = []
    for item in inputs.find(path):
        blocks = audio.decode(item.path, embedder.SAMPLE_RATE, 1)
        clips.append(np.concatenate([block[:, 0] for block in blocks]))
    found = [one for one in embedder.embed(clips) if one.vector is not None]
    voiced = sum(one.voiced_seconds for one in found)
    if voiced < LEAST_SECONDS:
        raise ConfigError(
            f"speaker.targets: the reference of '{name}' ({path}) holds {voiced:.1f} s of voice, "
            f"expected at least {LEAST_SECONDS} s: give a longer recording of that voice alone."
        )
    mean = np.mean([one.vector for one in found], axis=0)
    return (mean / np.linalg.norm(mean)).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=program.Defaults)
    parser.add_argument("--target", action="append", required=True, metavar="NAME=PATH", help="repeatable")
    parser.add_argument("--out", type=Path, required=True, help=".npz file to write: names, vectors")
    program.add_model_flags(parser)
    args = parser.parse_args()
    embedder = load(args.engine, args.threads, args.device)
    pairs = [target.split("=", 1) for target in args.target]
    vectors = np.stack([embed_target(name, path, embedder) for name, path in pairs])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(args.out, names=np.array([name for name, _ in pairs]), vectors=vectors)


if __name__ == "__main__":
    program.run(main)
