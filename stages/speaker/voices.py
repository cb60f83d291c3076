"""Which clusters are of one voice: pure functions, for the speaker stage.

The voices of a corpus are found once, whoever is looked for. Two that are each other's nearest, or nearly so, become
one where they are alike enough, until no two are left. Within a recording a lower cosine is enough, since one person
may speak with and without music; between recordings there must be little doubt.

All constants are cosines or seconds, found on two sets of shows; see docs/purity.md.
"""

from collections.abc import Iterator

import numpy as np

from stages.speaker.clusters import Clusters, blocks, most_first, unit

ALIKE = 0.80  # asked of two voices of different recordings, and of two with OWN_SECONDS each
JOIN = 0.30  # asked of two that share a recording, the shorter with at most SHORT_SECONDS: a voice under other sounds
SHORT_SECONDS, OWN_SECONDS = 5.0, 50.0  # from one to the other the cosine asked for rises: more seconds, more certainty
ASTRAY = 0.08  # two do not join where a third is this much nearer to one of them
ROWS = 256  # voices compared with all others at once


def asked(seconds: np.ndarray, here: np.ndarray) -> np.ndarray:
    """The least cosine to a voice, of voices with so many seconds that share a recording with it (bool) or not."""
    rise = (seconds - SHORT_SECONDS) / (OWN_SECONDS - SHORT_SECONDS)
    return np.where(here, JOIN + (ALIKE - JOIN) * np.clip(rise, 0, 1), ALIKE)


def cosines(voices: Clusters) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Some voices at a time, and their cosines to all: (some, voices), -inf to themselves."""
    for part in np.array_split(np.arange(len(voices.heads)), 1 + len(voices.heads) // ROWS):
        cosine = voices.heads[part] @ voices.heads.T
        cosine[np.arange(len(part)), part] = -np.inf
        yield part, cosine


def partners(voices: Clusters) -> np.ndarray:
    """For every voice the one most like it of those that it may be one with, (voices,); itself where there is none."""
    partner = np.arange(len(voices.heads))
    here = asked(voices.seconds, np.True_)  # rises with the seconds: of two, the shorter one's counts
    nearest = np.concatenate([cosine.max(axis=1) for _, cosine in cosines(voices)])
    for part, cosine in cosines(voices):
        least = np.where(voices.together[part], np.minimum(here[part, None], here), ALIKE)
        least = np.maximum(least, np.maximum(nearest[part, None], nearest) - ASTRAY)
        likeness = np.where(cosine >= least, cosine, -np.inf)
        partner[part] = np.where((cosine >= least).any(axis=1), np.argmax(likeness, axis=1), part)
    return partner


def merge(clusters: Clusters, label: np.ndarray) -> Clusters:
    """Clusters taken together where their label, (clusters,) from 0 on, is the same."""
    order = np.argsort(label, kind="stable")
    first = np.searchsorted(label[order], np.arange(label.max() + 1))
    heads = unit(np.add.reduceat((clusters.heads * clusters.seconds[:, None])[order], first))
    together = np.logical_or.reduceat(np.logical_or.reduceat(clusters.together[order], first)[:, order], first, axis=1)
    seconds = np.bincount(label, clusters.seconds)
    return Clusters(clusters.centre, heads, seconds, together, label[clusters.of], clusters.within)


def group(clusters: Clusters) -> np.ndarray:
    """The voice of every cluster, (clusters,), 0 the voice with most seconds."""
    voice, whole = np.arange(len(clusters.heads)), clusters
    while True:
        partner, number = partners(whole), np.arange(len(whole.heads))
        agreed = np.where(partner[partner] == number, np.minimum(partner, number), number)
        if np.array_equal(agreed, number):
            return most_first(voice, clusters.seconds)
        _, label = np.unique(agreed, return_inverse=True)
        voice, whole = label[voice], merge(whole, label)


def grow(voices: Clusters, core: int, target: np.ndarray, possible: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Voices (voices,) bool that are one with voice `core` where it is the target's, and their similarity to it.

    target: (d,) unit, centred; an embedding of the voice from elsewhere, which counts as much as all voices found.
    possible: (voices,) bool, which may join.
    """
    members = np.arange(len(voices.heads)) == core
    while True:
        head = unit((voices.heads[members] * voices.seconds[members, None]).sum(axis=0))
        similarity = voices.heads @ unit(head + target)
        enough = asked(voices.seconds, voices.together[members].any(axis=0))
        candidates = np.flatnonzero(~members & possible & (similarity >= enough))
        outside = np.where(members, -1.0, voices.heads[candidates] @ voices.heads.T)
        outside[np.arange(len(candidates)), candidates] = -1.0
        joining = candidates[outside.max(axis=1, initial=-1.0) <= similarity[candidates] + ASTRAY]
        if not len(joining):
            return members, similarity
        members[joining] = True


def medoids(vectors: np.ndarray, seconds: np.ndarray, members: np.ndarray, count: int) -> np.ndarray:
    """Indices of the most typical of the `members`: of their longer half, the clips nearest to their mean."""
    longer = members[seconds[members] >= np.median(seconds[members])]
    mean = unit(sum(seconds[part] @ vectors[part] for part in blocks(members))).astype(vectors.dtype)
    likeness = np.concatenate([vectors[part] @ mean for part in blocks(longer)])
    return longer[np.argsort(-likeness, kind="stable")][:count]
