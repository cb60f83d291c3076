"""Resemblyzer: a voice as a d-vector of 256 numbers. Wan et al. 2018, "Generalized end-to-end loss for speaker
verification"."""

import engines
from engines.protocols import Embedder

# Cosines of the vectors of neighbours in the same recording, where room and microphone do not tell voices apart. On the
# six development shows neighbours of one voice, 1.6 s and longer, lie at 0.64 and above; of two voices, at 0.62 and
# below, save one.
SAME, SAME_SHORT = 0.65, 0.55  # least cosine of one voice; the latter where one side is short
OTHER = 0.55  # cosine below which it is another voice
DIMENSIONS = 256


def load(engine: str, threads: int, device: str) -> Embedder:
    """The embedder of an engine; its model is loaded once."""
    return engines.module("resemblyzer", engine).Embedder(threads=threads, device=device)
