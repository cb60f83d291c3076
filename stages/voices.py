"""Which clips share a voice: pure functions on embeddings, for the speaker stage.

Resemblyzer's embeddings are non-negative and share a large common part, so plain cosines sit high, and the threshold
that parts two voices moves from corpus to corpus. So they are compared after subtracting the mean of a cohort: the
clips of all voices that are not near the target. Clips are clustered (average linkage on cosine distance), and a
cluster is judged as a whole by its mean, weighted by duration: a clip that is hard to tell goes with its like. Where
nearly everything is the target there is no cohort, and plain cosines with their own constants serve.
"""

import numpy as np

COHORT_SECONDS = 20.0  # least duration of a cohort
CENTRED_CUT, CENTRED_THRESHOLD = 0.50, 0.50  # cosine distance within a cluster; cosine of its mean to the target
PLAIN_CUT, PLAIN_THRESHOLD = 0.25, 0.80  # the same on plain embeddings
SAMPLE = 4000  # clips that are clustered; the rest join the nearest cluster, so memory stays bounded


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def means(vectors: np.ndarray, seconds: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Unit mean vector of every cluster, weighted by seconds: (clusters, d)."""
    total = np.zeros((label.max() + 1, vectors.shape[1]))
    np.add.at(total, label, vectors * seconds[:, None])
    return unit(total)


def clusters(vectors: np.ndarray, seconds: np.ndarray, cut: float) -> np.ndarray:
    """Cluster number (clips,) of unit vectors (clips, d), 0 the cluster with most seconds.

    Average linkage on cosine distance, cut at `cut`, of the SAMPLE longest clips, which tell voices apart best.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    order = np.argsort(-seconds, kind="stable")
    chosen, rest = np.sort(order[:SAMPLE]), order[SAMPLE:]
    label = np.zeros(len(vectors), int)
    if len(chosen) > 1:
        # A vector of zeros has no direction, and so no cosine: a constant far from all stands for it.
        tree = linkage(np.where(vectors[chosen].any(axis=1)[:, None], vectors[chosen], -1.0), "average", "cosine")
        label[chosen] = fcluster(tree, cut, "distance") - 1
    if len(rest):
        label[rest] = np.argmax(vectors[rest] @ means(vectors[chosen], seconds[chosen], label[chosen]).T, axis=1)
    by_seconds = np.argsort(-np.bincount(label, seconds), kind="stable")
    rank = np.empty(len(by_seconds), int)
    rank[by_seconds] = np.arange(len(by_seconds))
    return rank[label]


def judge(vectors: np.ndarray, seconds: np.ndarray, target: np.ndarray) -> np.ndarray:
    """How surely each clip is the target's, (clips,): cosine of its cluster to the target over the threshold.

    Above 0: the target's. vectors: (clips, d) unit embeddings, seconds: (clips,), target: (d,).
    """
    plain = clusters(vectors, seconds, PLAIN_CUT)
    far = (means(vectors, seconds, plain) @ target < PLAIN_THRESHOLD)[plain]
    if seconds[far].sum() >= COHORT_SECONDS:
        centre = np.average(vectors[far], axis=0, weights=seconds[far])
        cut, threshold = CENTRED_CUT, CENTRED_THRESHOLD
    else:
        centre = np.zeros(len(target))
        cut, threshold = PLAIN_CUT, PLAIN_THRESHOLD
    centred = unit(vectors - centre)
    label = clusters(centred, seconds, cut)
    return (means(centred, seconds, label) @ unit(target - centre))[label] - threshold


def assign(vectors: np.ndarray, seconds: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """For every clip the index of its target, or -1. targets: (targets, d)."""
    sure = np.stack([judge(vectors, seconds, target) for target in targets])
    best = np.argmax(sure, axis=0)
    return np.where(sure.max(axis=0) >= 0, best, -1)


def most_present(vectors: np.ndarray, seconds: np.ndarray, count: int) -> np.ndarray:
    """Vectors (voices, d) of the `count` voices with most seconds, the first the most; all of them for 0."""
    label = clusters(vectors, seconds, PLAIN_CUT)
    return means(vectors, seconds, label)[: count or None]


def medoids(vectors: np.ndarray, seconds: np.ndarray, members: np.ndarray, count: int) -> np.ndarray:
    """Indices of the clips that stand best for some `members`: of their longer half, those nearest to their mean."""
    longer = members[seconds[members] >= np.median(seconds[members])]
    mean = unit(np.average(vectors[members], axis=0, weights=seconds[members]))
    return longer[np.argsort(-(vectors[longer] @ mean), kind="stable")][:count]
