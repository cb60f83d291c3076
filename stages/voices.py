"""Which clips share a voice: pure functions on embeddings, for the speaker stage.

Resemblyzer's embeddings are non-negative and share a large common part, so plain cosines sit high, and their threshold
moves from corpus to corpus. So the embeddings are centred before they are compared, on a centre in which every voice
counts once, however much it speaks; clips are clustered (average linkage on cosine distance), and a cluster is
judged as a whole by its mean, weighted by duration: single clips that are hard to tell go with their like.
"""

from dataclasses import dataclass

import numpy as np

ROUGH_CUT = 0.25  # cosine distance of raw embeddings: to find the centre
CUT = 0.5  # cosine distance of centred embeddings: one voice
SAMPLE = 4000  # clips that are clustered; the rest join the nearest cluster, so memory stays bounded
CENTRED_THRESHOLD = 0.45  # least similarity to a target of a cluster's centred mean
RAW_THRESHOLD = 0.85  # or of its raw mean: decides where the corpus has hardly another voice to centre on


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


@dataclass(frozen=True)
class Voices:
    """The clusters of a corpus.

    label: (clips,) cluster of every clip, 0 the one with most seconds; raw, centred: (clusters, d) unit means;
    seconds: (clusters,); centre: (d,).
    """

    label: np.ndarray
    raw: np.ndarray
    centred: np.ndarray
    seconds: np.ndarray
    centre: np.ndarray

    def similarity(self, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cosine of every cluster's raw and centred mean to a target's embedding (d,)."""
        return self.raw @ target, self.centred @ unit(target - self.centre)


def linked(vectors: np.ndarray, cut: float) -> np.ndarray:
    """Cluster numbers (n,) from 0 by average linkage on cosine distance, cut at a height."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(vectors) < 2:
        return np.zeros(len(vectors), int)
    return fcluster(linkage(vectors, "average", metric="cosine"), cut, "distance") - 1


def means(vectors: np.ndarray, seconds: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Mean vector of every cluster, weighted by seconds: (clusters, d)."""
    count = label.max() + 1
    total = np.zeros((count, vectors.shape[1]))
    np.add.at(total, label, vectors * seconds[:, None])
    return total / np.bincount(label, seconds, count)[:, None]


def centre_of(vectors: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """The centre (d,): the mean over rough clusters, so that a voice that speaks most of the time counts once.

    With a single rough cluster there is nobody to tell apart, and the centre is zero.
    """
    label = linked(vectors, ROUGH_CUT)
    if label.max() == 0:
        return np.zeros(vectors.shape[1])
    return unit(means(vectors, seconds, label)).mean(axis=0)


def find(vectors: np.ndarray, seconds: np.ndarray) -> Voices:
    """Cluster clips by voice. vectors: (clips, d) unit embeddings; seconds: (clips,) their durations, above 0."""
    order = np.argsort(-seconds, kind="stable")
    chosen = np.sort(order[:SAMPLE])  # the longest clips tell voices apart best
    centre = centre_of(vectors[chosen], seconds[chosen])
    centred = unit(vectors - centre)
    label = np.zeros(len(vectors), int)
    label[chosen] = linked(centred[chosen], CUT)
    heads = unit(means(centred[chosen], seconds[chosen], label[chosen]))
    rest = order[SAMPLE:]
    if len(rest):
        label[rest] = np.argmax(centred[rest] @ heads.T, axis=1)
    by_seconds = np.argsort(-np.bincount(label, seconds), kind="stable")
    rank = np.empty(len(by_seconds), int)
    rank[by_seconds] = np.arange(len(by_seconds))
    label = rank[label]
    raw = means(vectors, seconds, label)
    return Voices(label, unit(raw), unit(raw - centre), np.bincount(label, seconds), centre)


def assign(voices: Voices, targets: np.ndarray) -> np.ndarray:
    """For every cluster the index of its target, or -1. targets: (targets, d).

    A cluster goes to the target that its centred mean is nearest to, if it is near enough.
    """
    raw, centred = (np.stack(side) for side in zip(*(voices.similarity(one) for one in targets), strict=True))
    best = np.argmax(centred, axis=0)
    everyone = np.arange(len(best))
    good = (centred[best, everyone] >= CENTRED_THRESHOLD) | (raw[best, everyone] >= RAW_THRESHOLD)
    return np.where(good, best, -1)


def medoids(voices: Voices, vectors: np.ndarray, seconds: np.ndarray, cluster: int, count: int) -> np.ndarray:
    """Indices of the clips that stand best for a cluster: of its longer half, those nearest to its mean."""
    members = np.flatnonzero(voices.label == cluster)
    longer = members[seconds[members] >= np.median(seconds[members])]
    return longer[np.argsort(-(vectors[longer] @ voices.raw[cluster]), kind="stable")][:count]
