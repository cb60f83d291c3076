"""What a speaker engine returns for one clip."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Embedding:
    """A voice as a direction in 256 dimensions; Wan et al. 2018, "Generalized end-to-end loss".

    `vector`: (256,) float32 of length 1, or None where trimming left nothing;
    `voiced_seconds`: what trimming left; below 1.6 s (one window) the vector says little about the speaker;
    `partials`: (k, 256) float32 of length 1, one for each window of 1.6 s; their mean points as `vector`.
    """

    vector: np.ndarray | None
    voiced_seconds: float
    partials: np.ndarray


SILENT = Embedding(None, 0.0, np.zeros((0, 256), np.float32))


def from_partials(partials: np.ndarray, samples: int, sample_rate: int) -> Embedding:
    """The embedding of a clip with `samples` left after trimming, from the embeddings of its windows, (k, 256)."""
    mean = partials.mean(axis=0)
    return Embedding(mean / np.linalg.norm(mean), samples / sample_rate, partials)
