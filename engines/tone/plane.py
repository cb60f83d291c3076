"""The plane in which clips of a corpus differ most in how they are spoken: the map of the report, the room of clusters.

Its first axis is the first principal component of the descriptors, its second that of the voice vectors, each of
vectors normalised per speaker and summed over the corpus: nothing is chosen or learnt from labels. The axes are turned
so that more effort and higher pitch lie to the right and above.
"""

import numpy as np

from engines.tone import descriptors, parts

UPWARDS = ("pitch.mean", "alpha.mean", "centroid.mean")


class Plane:
    """Gathers vectors (n, d) of the parts in the pipeline, then gives their places (n, 2)."""

    def __init__(self):
        self.split = len(descriptors.names())
        size = sum(len(parts.names(part)) for part in parts.IN_PIPELINE)
        self.clips, self.products = 0, np.zeros((size, size))
        self._axes = None

    def add(self, vectors: np.ndarray) -> None:
        self.clips += len(vectors)
        self.products += vectors.T.astype(np.float64) @ vectors

    def places(self, vectors: np.ndarray) -> np.ndarray:
        """Places (n, 2) in standard deviations of the corpus."""
        if self._axes is None:
            self._axes = self._turned()
        return (vectors @ self._axes).astype(np.float32)

    def _turned(self) -> np.ndarray:
        covariance = self.products / max(self.clips, 1)
        how, who = slice(0, self.split), slice(self.split, None)
        axes = np.zeros((len(covariance), 2))
        axes[how, 0], axes[who, 1] = first(covariance[how, how]), first(covariance[who, who])
        upwards = [descriptors.names().index(name) for name in UPWARDS]
        if axes[upwards, 0].sum() < 0:
            axes[:, 0] *= -1
        if axes[:, 0] @ covariance @ axes[:, 1] < 0:
            axes[:, 1] *= -1
        return axes


def first(covariance: np.ndarray) -> np.ndarray:
    """The first principal component (d,), scaled so that what is projected on it varies by 1."""
    from scipy import linalg

    size = len(covariance)
    values, vectors = linalg.eigh(covariance, subset_by_index=[size - 1, size - 1])
    return vectors[:, 0] / np.sqrt(max(values[0], 1e-12))
