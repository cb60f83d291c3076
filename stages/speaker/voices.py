"""Which clusters are of one voice: pure functions, for the speaker stage.

A voice is a cluster and what grows onto it: clusters of its recordings that are like it, of other recordings where
there is little doubt, and none that is much nearer to a cluster that has not joined.

All constants are cosines or seconds, found on two sets of shows; see docs/purity.md.
"""

import numpy as np

from stages.speaker.clusters import Clusters, blocks, most_first, unit

ALIKE = 0.80  # a cluster of other recordings has the voice; so has one with OWN_SECONDS, else it is a voice of its own
JOIN = 0.30  # a cluster of the voice's recordings with at most SHORT_SECONDS: the voice under other sounds
SHORT_SECONDS, OWN_SECONDS = 5.0, 50.0  # between them, what is asked for rises: more seconds tell a voice more surely
ASTRAY = 0.10  # but not where another cluster is this much nearer to it


def grow(clusters: Clusters, core: int, target: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Clusters (clusters,) bool of the voice that cluster `core` is of, and how like that voice all clusters are.

    target: (d,) unit, centred; an embedding of the voice from elsewhere, as good a witness as all that is found.
    """
    members = np.arange(len(clusters.heads)) == core
    while True:
        head = unit((clusters.heads[members] * clusters.seconds[members, None]).sum(axis=0))
        similarity = clusters.heads @ (head if target is None else unit(head + target))
        here = clusters.together[members].any(axis=0)
        rise = (clusters.seconds - SHORT_SECONDS) / (OWN_SECONDS - SHORT_SECONDS)
        enough = np.where(here, JOIN + (ALIKE - JOIN) * np.clip(rise, 0, 1), ALIKE)
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
    return most_first(voice[clusters.of], seconds)


def medoids(vectors: np.ndarray, seconds: np.ndarray, members: np.ndarray, count: int) -> np.ndarray:
    """Indices of the clips that stand best for some `members`: of their longer half, those nearest to their mean."""
    longer = members[seconds[members] >= np.median(seconds[members])]
    mean = unit(sum(seconds[part] @ vectors[part] for part in blocks(members))).astype(vectors.dtype)
    likeness = np.concatenate([vectors[part] @ mean for part in blocks(longer)])
    return longer[np.argsort(-likeness, kind="stable")][:count]
