"""Which clips share a voice: pure functions on embeddings, for the speaker stage.

Resemblyzer's embeddings are non-negative and share a large common part, so plain cosines sit high, and the threshold
that parts two voices moves from corpus to corpus. So they are compared after subtracting what is common: the mean of
the corpus's voices, each counted once however much it speaks, and of some voices of other people, without which a
corpus of one voice would have nothing left. Clips are clustered (average linkage on cosine distance), tightly enough
that a cluster holds one voice; a voice is a cluster and what grows onto it: clusters of its recordings that are like
it, of other recordings where there is little doubt, and none that is much nearer to a cluster that stays outside.

All constants are cosines or seconds, found on the development shows and checked on others; see docs/purity.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

MEAN_VOICE = Path(__file__).parent / "engines" / "mean_voice.csv"  # made by benchmarks/mean_voice.py
MEAN_WEIGHT = 16.0  # how many voices it stands for
SAMPLE = 4000  # clips that are clustered, the longest; the rest join the nearest cluster, so memory stays bounded
BLOCK = 1 << 16  # clips held against the clusters at once
PLAIN_CUT = 0.20  # cosine distance within a cluster of plain embeddings: a voice to be counted
VOICE_SECONDS = 5.0  # one with less is not counted
CUT = 0.35  # cosine distance within a cluster after centring
ALIKE = 0.80  # a cluster of other recordings has the voice; so has one with OWN_SECONDS, else it is a voice of its own
OWN_SECONDS = 30.0
JOIN = 0.30  # a cluster of the voice's recordings: the voice under other sounds
ASTRAY = 0.10  # but not where another cluster is this much nearer to it


@dataclass(frozen=True)
class Clusters:
    """The clips of a corpus in clusters, 0 the one with most seconds.

    centre: (d,), subtracted before vectors are compared; heads: (clusters, d) unit means after that; seconds:
    (clusters,); together: (clusters, clusters) bool, whether two share a recording; of: (clips,) every clip's cluster;
    within: (clips,) bool, whether the clip is as near to it as clusters are wide.
    """

    centre: np.ndarray
    heads: np.ndarray
    seconds: np.ndarray
    together: np.ndarray
    of: np.ndarray
    within: np.ndarray


@cache
def mean_voice() -> np.ndarray:
    """The mean embedding (256,) of many people."""
    return np.loadtxt(MEAN_VOICE)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def sums(vectors: np.ndarray, seconds: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Sum of the vectors of every cluster, weighted by seconds: (clusters, d)."""
    total = np.zeros((label.max() + 1, vectors.shape[1]))
    np.add.at(total, label, vectors * seconds[:, None])
    return total


def sample(seconds: np.ndarray) -> np.ndarray:
    """Indices, rising, of the SAMPLE longest clips, which tell voices apart best."""
    return np.sort(np.argsort(-seconds, kind="stable")[:SAMPLE])


def link(vectors: np.ndarray, seconds: np.ndarray, cut: float) -> np.ndarray:
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


def centre(vectors: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """What all voices share (d,): the mean of the corpus's voices, each counted once, and of other people's."""
    label = link(vectors, seconds, PLAIN_CUT)
    spoken, total = np.bincount(label, seconds), sums(vectors, seconds, label)
    counted = (spoken >= VOICE_SECONDS) & total.any(axis=1)
    voices = total[counted] / spoken[counted, None]
    return (voices.sum(axis=0) + MEAN_WEIGHT * mean_voice()) / (counted.sum() + MEAN_WEIGHT)


def share_recording(label: np.ndarray, recording: np.ndarray) -> np.ndarray:
    """Whether two clusters have clips of one recording: (clusters, clusters) bool."""
    from scipy import sparse

    ones = np.ones(len(label), np.int32)
    found = sparse.csr_array((ones, (label, recording)), shape=(label.max() + 1, recording.max() + 1))
    return (found @ found.T).toarray() > 0


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


def cluster(vectors: np.ndarray, seconds: np.ndarray, recording: np.ndarray) -> Clusters:
    """The clips of a corpus, vectors (clips, d) unit, seconds and recording (clips,), in clusters."""
    chosen = sample(seconds)
    known, spoken = vectors[chosen], seconds[chosen]
    common = centre(known, spoken)
    centred = unit(known - common)
    label = link(centred, spoken, CUT)
    heads = unit(sums(centred, spoken, label))
    of, within = np.empty(len(vectors), int), np.empty(len(vectors), bool)
    for block, found, cosine in nearest(vectors, common, heads):
        of[block], within[block] = found, cosine >= 1 - CUT
    of[chosen], within[chosen] = label, True
    return Clusters(common, heads, np.bincount(label, spoken), share_recording(label, recording[chosen]), of, within)


def grow(clusters: Clusters, core: int, target: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Clusters (clusters,) bool of the voice that cluster `core` is of, and how like that voice all clusters are.

    target: (d,) unit, centred; an embedding of the voice from elsewhere, as good a witness as all that is found.
    """
    members = np.arange(len(clusters.heads)) == core
    while True:
        head = unit((clusters.heads[members] * clusters.seconds[members, None]).sum(axis=0))
        similarity = clusters.heads @ (head if target is None else unit(head + target))
        here = clusters.together[members].any(axis=0)
        enough = np.where(here & (clusters.seconds < OWN_SECONDS), JOIN, ALIKE)
        candidates = np.flatnonzero(~members & (similarity >= enough))
        outside = np.where(members, -1.0, clusters.heads[candidates] @ clusters.heads.T)
        outside[np.arange(len(candidates)), candidates] = -1.0
        joining = candidates[outside.max(axis=1, initial=-1.0) <= similarity[candidates] + ASTRAY]
        if not len(joining):
            return members, similarity
        members[joining] = True


def group(clusters: Clusters, seconds: np.ndarray) -> np.ndarray:
    """The voice of every clip, (clips,), no target given; 0 the voice with most seconds, (clips,)."""
    voice = np.full(len(clusters.heads), -1)
    for core in range(len(voice)):
        if voice[core] < 0:
            members, _ = grow(clusters, core)
            voice[members & (voice < 0)] = core
    _, voice = np.unique(voice, return_inverse=True)
    order = np.argsort(-np.bincount(voice[clusters.of], seconds), kind="stable")
    return np.argsort(order)[voice][clusters.of]


def medoids(vectors: np.ndarray, seconds: np.ndarray, members: np.ndarray, count: int) -> np.ndarray:
    """Indices of the clips that stand best for some `members`: of their longer half, those nearest to their mean."""
    longer = members[seconds[members] >= np.median(seconds[members])]
    mean = unit(np.average(vectors[members], axis=0, weights=seconds[members]))
    return longer[np.argsort(-(vectors[longer] @ mean), kind="stable")][:count]
