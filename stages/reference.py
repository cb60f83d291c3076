"""reference: embed the reference clips of the targets, one vector per target.

A target is a file or a folder of clips of one voice; its vector is the mean of its clips', weighted by the seconds of
voice in them. A reference that seems to hold more than one voice is told: in the log, and as `doubts` in the
file.
"""

import argparse
import logging
from itertools import islice
from pathlib import Path

import numpy as np

from pipeline import arrays, audio, inputs, program, run
from pipeline.errors import ConfigError, Reject
from stages import turns
from stages.embed import load
from stages.engines.embedding import SILENT, Embedding, from_partials

LEAST_SECONDS = 1.6
APART, LEAST_SHARE = (
    0.72,
    0.15,
)  # cosine between two voices' means, share of the lesser; of 24 people none is told in two
ITERATIONS = 10
MOST_WINDOWS = 1000  # of a longer reference some are left out: all are held against all
BLOCKS = 15  # of audio.BLOCK_SECONDS each, five minutes
log = logging.getLogger("voxsieve")


def second_voice(windows: np.ndarray) -> float:
    """The share of a clip's windows, (k, d) unit, that sound like somebody else than the others; 0 for one voice.

    Two means (Lloyd 1982, "Least squares quantization in PCM"), begun at the two windows that are least alike.
    """
    if len(windows) < 2:
        return 0.0
    windows = windows[:: -(-len(windows) // MOST_WINDOWS)]
    means = windows[list(np.unravel_index(np.argmin(windows @ windows.T), (len(windows),) * 2))]
    for _ in range(ITERATIONS):
        second = windows @ means[1] > windows @ means[0]
        if second.all() or not second.any():
            return 0.0
        means = np.stack([windows[~second].mean(axis=0), windows[second].mean(axis=0)])
        means /= np.linalg.norm(means, axis=1, keepdims=True)
    share = float(min(second.mean(), 1 - second.mean()))
    return share if means[0] @ means[1] < APART and share >= LEAST_SHARE else 0.0


def doubt(vectors: np.ndarray, partials: list[np.ndarray], files: list[str]) -> str:
    """Why a reference may not be of one voice, "" where nothing speaks for it.

    vectors: (clips, d) unit; partials: of each clip those of its windows, (k, d); files: what to call the clips.
    """
    for one, file in zip(partials, files, strict=True):
        if share := second_voice(one):
            return f"{share:.0%} of {file} sounds like somebody else than the rest of it"
    for i, file in enumerate(files):
        others = np.delete(vectors, i, axis=0).sum(axis=0)
        if others.any() and vectors[i] @ others / np.linalg.norm(others) < turns.SAME:
            return f"{file} does not sound like the other clips"
    return ""


def voice(path: Path, embedder) -> Embedding:
    """The voice of a file of any length, of which BLOCKS are held at a time. Raises Reject where it cannot be read."""
    blocks = audio.mono(audio.decode(path, embedder.SAMPLE_RATE, 1))
    pieces = []
    while piece := list(islice(blocks, BLOCKS)):
        pieces += embedder.embed([np.concatenate(piece)])
    if len(pieces) == 1:
        return pieces[0]
    partials = np.concatenate([piece.partials for piece in pieces])
    samples = round(sum(piece.voiced_seconds for piece in pieces) * embedder.SAMPLE_RATE)
    return from_partials(partials, samples, embedder.SAMPLE_RATE) if samples else SILENT


def embed_target(name: str, path: str, embedder) -> tuple[np.ndarray, str]:
    """The unit vector (256,) of a target, and a doubt. Raises ConfigError where its clips hold too little voice."""
    voices, files = [], []
    for item in inputs.find(path, f"speaker.targets: {name}"):
        try:
            voices.append(voice(item.path, embedder))
            files.append(item.source)
        except Reject as error:
            if item.certain and not item.path.name.startswith("."):  # such a file need not be a recording
                raise ConfigError(
                    f"speaker.targets: {item.path}, of the reference of '{name}', cannot be read ({error}): "
                    "remove it or replace it."
                ) from error
    pairs = [(one, file) for one, file in zip(voices, files, strict=True) if one.vector is not None]
    found, files = [one for one, _ in pairs], [file for _, file in pairs]
    voiced = sum(one.voiced_seconds for one in found)
    if voiced < LEAST_SECONDS:
        raise ConfigError(
            f"speaker.targets: the reference of '{name}' ({path}) holds {voiced:.1f} s of voice, "
            f"expected at least {LEAST_SECONDS} s: give a longer recording of that voice alone."
        )
    vectors = np.stack([one.vector for one in found])
    mean = np.average(vectors, axis=0, weights=[one.voiced_seconds for one in found])
    return (mean / np.linalg.norm(mean)).astype(np.float32), doubt(vectors, [one.partials for one in found], files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=program.Defaults)
    parser.add_argument("--target", type=named, action="append", required=True, metavar="NAME=PATH", help="repeatable")
    parser.add_argument("--out", type=Path, required=True, help=".npz file to write: names, vectors, doubts")
    program.add_model_flags(parser)
    args = parser.parse_args()
    embedder = load(args.engine, args.threads, args.device)
    with run.alone(args.out.parent):
        write(args.target, embedder, args.out)


def named(text: str) -> tuple[str, str]:
    """An argparse type: NAME=PATH."""
    name, sign, path = text.partition("=")
    if not (name and sign and path):
        raise argparse.ArgumentTypeError(f"expected NAME=PATH, found '{text}'")
    return name, path


def write(pairs: list[tuple[str, str]], embedder, out: Path) -> None:
    """Embed the references of (name, path) and write them."""
    found = [embed_target(name, path, embedder) for name, path in pairs]
    for (name, _), (_, said) in zip(pairs, found, strict=True):
        if said:
            log.warning("reference: the reference of '%s' may hold more than one voice: %s.", name, said)
    names, vectors, doubts = [name for name, _ in pairs], [vector for vector, _ in found], [said for _, said in found]
    arrays.save(out, names=np.array(names), vectors=np.stack(vectors), doubts=np.array(doubts))


if __name__ == "__main__":
    program.run(main)
