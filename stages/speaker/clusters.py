"""Clusters of clips, each of one voice: pure functions on embeddings, for the speaker stage.

Resemblyzer's embeddings are non-negative and share a large common part, so plain cosines are high, and the threshold
that separates two voices moves from corpus to corpus. So they are compared after centring. The centre is the mean of
the corpus's voices, each counted once however much it speaks, and of some voices of other people, without which a
corpus of one voice would be centred to nothing. Clips are clustered (average linkage on cosine distance), tightly
enough that a cluster holds one voice.

Clustering takes memory with the square of the clips, so it goes in rounds: the longest SAMPLE clips, which tell voices
apart best, are clustered, then those of all others that are near to no cluster, and so on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

MEAN_VOICE = Path(__file__).parent / "mean_voice.csv"  # made by benchmarks/mean_voice.py
MEAN_WEIGHT = 16.0  # how many voices it counts as
SAMPLE = 4000
ROUNDS = 4
BLOCK = 1 << 14  # clips looked at at once
PLAIN_CUT = 0.20  # cosine distance within a cluster of plain embeddings, a voice for the centre
VOICE_SECONDS = 5.0  # a voice with less does not count for the centre
CUT = 0.35  # cosine distance within a cluster after centring


@dataclass(frozen=True)
class Clusters:
    """The clips of a corpus in clusters; 0 is the one with most seconds.

    centre: (d,), subtracted before vectors are compared; heads: (clusters, d) unit means after that; seconds:
    (clusters,); together: (clusters, clusters) bool, whether two share a recording; of: (clips,) every clip's cluster;
    within: (clips,) bool, whether the clip is near to it, or only nearer than to any other.
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


def blocks(indices: np.ndarray) -> Iterator[np.ndarray]:
    """The indices, BLOCK at a time."""
    for start in range(0, len(indices), BLOCK):
        yield indices[start : start + BLOCK]


def sums(vectors: np.ndarray, seconds: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Sum of the vectors of every cluster, weighted by seconds: (clusters, d)."""
    from scipy import sparse

    total = np.zeros((label.max() + 1, vectors.shape[1]))
    for part in blocks(np.arange(len(label))):
        places = (label[part], np.arange(len(part)))
        total += sparse.csr_array((seconds[part], places), shape=(len(total), len(part))) @ vectors[part]
    return total


def longest_first(vectors: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Indices of the clips, longest first; ties are ordered by content, not by position."""
    return np.lexsort((vectors[:, 1], vectors[:, 0], -seconds))


def link(vectors: np.ndarray, seconds: np.ndarray, cut: float) -> np.ndarray:
    """Cluster number (clips,) of unit vectors (clips, d), 0 the cluster with most seconds: all of them at once."""
    from scipy.cluster.hierarchy import fcluster, linkage

    label = np.zeros(len(vectors), int)
    if len(vectors) > 1:
        label = fcluster(linkage(vectors, "average", "cosine"), cut, "distance") - 1
    return most_first(label, seconds)


def most_first(label: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """The labels (clips,) numbered anew, 0 the one with most seconds."""
    order = np.argsort(-np.bincount(label, seconds), kind="stable")
    return np.argsort(order)[label]


def centre(vectors: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """The centre (d,) of all voices: the mean of the corpus's voices, each counted once, and of other people's."""
    label = link(vectors, seconds, PLAIN_CUT)
    spoken = np.bincount(label, seconds)
    counted = spoken >= VOICE_SECONDS
    voices = sums(vectors, seconds, label)[counted] / spoken[counted, None]
    return (voices.sum(axis=0) + MEAN_WEIGHT * mean_voice()) / (counted.sum() + MEAN_WEIGHT)


def nearest(
    vectors: np.ndarray, wanted: np.ndarray, centre: np.ndarray, heads: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For the clips `wanted`, in blocks: their indices, the nearest of `heads` (clusters, d), and the cosine to it."""
    centre, heads = centre.astype(vectors.dtype), heads.astype(vectors.dtype)
    for part in blocks(wanted):
        cosines = unit(vectors[part] - centre) @ heads.T
        label = np.argmax(cosines, axis=1)
        yield part, label, cosines[np.arange(len(label)), label]


def cluster(vectors: np.ndarray, seconds: np.ndarray, recording: np.ndarray) -> Clusters:
    """The clips of a corpus, vectors (clips, d) unit, none of zeros, seconds and recording (clips,), in clusters."""
    order = longest_first(vectors, seconds)
    common = centre(vectors[order[:SAMPLE]], seconds[order[:SAMPLE]])
    of, heads = np.full(len(vectors), -1), np.zeros((0, vectors.shape[1]))
    for _ in range(ROUNDS):
        chosen = order[of[order] < 0][:SAMPLE]
        if not len(chosen):
            break
        centred = unit(vectors[chosen] - common)
        label = link(centred, seconds[chosen], CUT)
        of[chosen] = len(heads) + label
        heads = np.concatenate([heads, unit(sums(centred, seconds[chosen], label))])
        for part, closest, cosine in nearest(vectors, order[of[order] < 0], common, heads):
            of[part] = np.where(cosine >= 1 - CUT, closest, -1)
    within = of >= 0
    for part, closest, _ in nearest(vectors, np.flatnonzero(~within), common, heads):
        of[part] = closest
    number = most_first(np.arange(len(heads)), np.bincount(of[within], seconds[within], len(heads)))
    of, heads = number[of], heads[np.argsort(number)]
    spoken = np.bincount(of[within], seconds[within], len(heads))
    return Clusters(common, heads, spoken, share_recording(of[within], recording[within]), of, within)


def share_recording(label: np.ndarray, recording: np.ndarray) -> np.ndarray:
    """Whether two clusters have clips of one recording: (clusters, clusters) bool."""
    from scipy import sparse

    counts = np.ones(len(label), np.int32)
    presence = sparse.csr_array((counts, (label, recording)), shape=(label.max() + 1, recording.max() + 1))
    return (presence @ presence.T).toarray() > 0
