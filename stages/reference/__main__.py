"""reference: embed the reference clips of the targets, one vector per target.

A target is a file or a folder of clips of one voice; its vector is the mean of its clips', weighted by the seconds of
voice in them. A reference that seems to hold more than one voice is reported in the log and as `doubts` in the file.
"""

import logging
from itertools import islice
from pathlib import Path

import numpy as np

from engines import resemblyzer
from engines.embeddings import SILENT, Embedding, from_partials
from engines.protocols import Embedder
from pipeline import arrays, audio, entry, inputs, program, vouch
from pipeline.errors import ConfigError, Reject
from stages.reference import doubts

STAGE = "reference"
LEAST_SECONDS = 1.6
BLOCKS = 15  # of audio.BLOCK_SECONDS each, five minutes
log = logging.getLogger("voxsieve")


def embed_file(path: Path, embedder: Embedder) -> Embedding:
    """The voice of a file of any length, read BLOCKS at a time. Raises Reject where it cannot be read."""
    blocks = audio.decode_mono(path, embedder.SAMPLE_RATE)
    pieces = []
    while piece := list(islice(blocks, BLOCKS)):
        pieces += embedder.embed([np.concatenate(piece)])
    if len(pieces) == 1:
        return pieces[0]
    partials = np.concatenate([piece.partials for piece in pieces])
    samples = round(sum(piece.voiced_seconds for piece in pieces) * embedder.SAMPLE_RATE)
    return from_partials(partials, samples, embedder.SAMPLE_RATE) if samples else SILENT


def embed_target(name: str, path: str, embedder: Embedder) -> tuple[np.ndarray, str]:
    """The unit vector (256,) of a target, and a doubt or "". Raises ConfigError where there is too little voice."""
    voices, files = [], []
    for item in inputs.find(path, f"speaker.targets: {name}"):
        try:
            voice = embed_file(item.path, embedder)
        except Reject as error:
            if item.certain and not item.path.name.startswith("."):  # such a file need not be a recording
                raise ConfigError(
                    f"speaker.targets: {item.path}, of the reference of '{name}', cannot be read ({error}): "
                    "remove it or replace it."
                ) from error
            continue
        if voice.vector is not None:
            voices.append(voice)
            files.append(item.source)
    voiced = sum(voice.voiced_seconds for voice in voices)
    if voiced < LEAST_SECONDS:
        raise ConfigError(
            f"speaker.targets: the reference of '{name}' ({path}) holds {voiced:.1f} s of voice, "
            f"expected at least {LEAST_SECONDS} s: give a longer recording of that voice alone."
        )
    vectors = np.stack([voice.vector for voice in voices])
    mean = np.average(vectors, axis=0, weights=[voice.voiced_seconds for voice in voices])
    doubt = doubts.doubt(vectors, [voice.partials for voice in voices], files)
    return (mean / np.linalg.norm(mean)).astype(np.float32), doubt


def main() -> None:
    job = program.parse(STAGE, __doc__)
    targets = job.settings.targets
    if not targets:
        raise ConfigError("reference: no target is given: name at least one, as --targets '{anna: anna.wav}'.")
    embedder = resemblyzer.load(job.settings.engine, job.settings.threads, job.settings.device)
    with vouch.alone(job.out):
        vectors, doubts_of = zip(*(embed_target(name, path, embedder) for name, path in targets.items()), strict=True)
        for name, doubt in zip(targets, doubts_of, strict=True):
            if doubt:
                log.warning("reference: the reference of '%s' may hold more than one voice: %s.", name, doubt)
        names = np.array(list(targets))
        arrays.save(job.out / "references.npz", names=names, vectors=np.stack(vectors), doubts=np.array(doubts_of))


if __name__ == "__main__":
    entry.run(main)
