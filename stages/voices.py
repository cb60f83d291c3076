"""Which clips share a voice: pure functions on embeddings, for the speaker stage.

Resemblyzer's embeddings are non-negative and share a large common part, so plain cosines sit high, and the threshold
that parts two voices moves from corpus to corpus. So they are compared after subtracting the mean of a cohort: the
voices of the corpus that are not near the target, each counted once, however much it speaks. Clips are clustered
(average linkage on cosine distance), and a cluster is judged as a whole by its mean, weighted by duration: a clip that
is hard to tell goes with its like.
"""

from collections.abc import Iterator

import numpy as np

SAMPLE = 4000  # clips that are clustered, the longest; the rest join the nearest cluster, so memory stays bounded
BLOCK = 1 << 16  # clips held against the clusters at once
PLAIN_CUT = 0.25  # cosine distance within a cluster of plain embeddings
CENTRED_CUT = 0.40  # the same after centring: every cluster of the development shows holds one voice


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def sums(vectors: np.ndarray, seconds: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Sum of the vectors of every cluster, weighted by seconds: (clusters, d)."""
    total = np.zeros((label.max() + 1, vectors.shape[1]))
    np.add.at(total, label, vectors * seconds[:, None])
    return total


def means(vectors: np.ndarray, seconds: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Unit mean vector of every cluster, weighted by seconds: (clusters, d)."""
    return unit(sums(vectors, seconds, label))


def sample(seconds: np.ndarray) -> np.ndarray:
    """Indices, rising, of the SAMPLE longest clips, which tell voices apart best."""
    return np.sort(np.argsort(-seconds, kind="stable")[:SAMPLE])


def clusters(vectors: np.ndarray, seconds: np.ndarray, cut: float) -> np.ndarray:
    """Cluster number (clips,) of unit vectors (clips, d), 0 the cluster with most seconds: all of them at once.

    Memory grows with the square of the clips: see `sample`.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    label = np.zeros(len(vectors), int)
    if len(vectors) > 1:
        # A vector of zeros has no direction, and so no cosine: a constant far from all stands for it.
        tree = linkage(np.where(vectors.any(axis=1)[:, None], vectors, -1.0), "average", "cosine")
        label = fcluster(tree, cut, "distance") - 1
    by_seconds = np.argsort(-np.bincount(label, seconds), kind="stable")
    rank = np.empty(len(by_seconds), int)
    rank[by_seconds] = np.arange(len(by_seconds))
    return rank[label]


def nearest(
    vectors: np.ndarray, centre: np.ndarray, heads: np.ndarray
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """For blocks of the clips: where they are, the nearest of `heads` (clusters, d), and the cosine to it.

    vectors: (clips, d), compared after subtracting `centre` (d,), as the unit vectors `heads` were.
    """
    centre, heads = centre.astype(vectors.dtype), heads.astype(vectors.dtype)
    for start in range(0, len(vectors), BLOCK):
        block = slice(start, min(start + BLOCK, len(vectors)))
        cosines = unit(vectors[block] - centre) @ heads.T
        label = np.argmax(cosines, axis=1)
        yield block, label, cosines[np.arange(len(label)), label]


def group(vectors: np.ndarray, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The voices of a corpus, no target given: number (clips,), 0 the most present, and unit means (voices, d)."""
    chosen = sample(seconds)
    label = clusters(vectors[chosen], seconds[chosen], PLAIN_CUT)
    heads = means(vectors[chosen], seconds[chosen], label)
    voice = np.empty(len(vectors), int)
    for block, found, _ in nearest(vectors, np.zeros(vectors.shape[1]), heads):
        voice[block] = found
    voice[chosen] = label
    order = np.argsort(-np.bincount(voice, seconds, len(heads)), kind="stable")
    return np.argsort(order)[voice], heads[order]


def medoids(vectors: np.ndarray, seconds: np.ndarray, members: np.ndarray, count: int) -> np.ndarray:
    """Indices of the clips that stand best for some `members`: of their longer half, those nearest to their mean."""
    longer = members[seconds[members] >= np.median(seconds[members])]
    mean = unit(np.average(vectors[members], axis=0, weights=seconds[members]))
    return longer[np.argsort(-(vectors[longer] @ mean), kind="stable")][:count]
