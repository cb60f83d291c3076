"""Does a reference hold one voice only? Pure functions on embeddings."""

import numpy as np

from engines.resemblyzer import SAME

APART = 0.72  # least cosine between the means of two halves of one voice; none of 24 people was split
LEAST_SHARE = 0.15  # of the lesser voice
ITERATIONS = 10
MOST_WINDOWS = 1000  # of a longer reference some are left out, since all are compared with all


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
    """Why a reference may not be of one voice, or "".

    vectors: (clips, d) unit; partials: of each clip those of its windows, (k, d); files: what to call the clips.
    """
    for windows, file in zip(partials, files, strict=True):
        if share := second_voice(windows):
            return f"{share:.0%} of {file} sounds like somebody else than the rest of it"
    for i, file in enumerate(files):
        rest = np.delete(vectors, i, axis=0).sum(axis=0)
        if rest.any() and vectors[i] @ rest / np.linalg.norm(rest) < SAME:
            return f"{file} does not sound like the other clips"
    return ""
