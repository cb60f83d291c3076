"""Clips that are spoken alike, without a model, and words for what sets each group apart. Pure functions on arrays."""

import numpy as np

from engines.tone import descriptors

SEEDS = 10
MOST = 5  # groups that `auto` looks for
JUDGED = 1000  # clips by which the number of groups is judged
TOLD = 0.3  # spreads from the speaker's mean, below which a trait is not worth a word
WORDS = 3
USUAL = "usual"
# A descriptor, and the words for more and less of it.
TRAITS = {
    "pitch.mean": ("higher", "lower"),
    "alpha.mean": ("stronger", "softer"),
    "pitch.spread": ("livelier", "flatter"),
    "rate": ("faster", "slower"),
    "tilt_500.mean": ("brighter", "darker"),
}


def group(places: np.ndarray, count: int) -> np.ndarray:
    """The group of every clip, (n,), by k-means in the plane (n, 2): the best of SEEDS starts; 0 is the largest."""
    from scipy.cluster.vq import kmeans2

    count = min(count, len(np.unique(places, axis=0)))
    if count < 2:
        return np.zeros(len(places), int)
    best = None
    for seed in range(SEEDS):
        centres, labels = kmeans2(places.astype(float), count, minit="++", seed=seed, iter=50)
        loss = float(((places - centres[labels]) ** 2).sum())
        if best is None or loss < best[0] - 1e-9:
            best = (loss, labels)
    _, labels, sizes = np.unique(best[1], return_inverse=True, return_counts=True)
    return np.argsort(np.argsort(-sizes, kind="stable"), kind="stable")[labels]


def count(places: np.ndarray, seed: int = 0) -> int:
    """How many groups clips (n, 2) fall into: two to MOST, by the mean silhouette of Rousseeuw 1987."""
    if len(places) > JUDGED:
        places = np.random.default_rng(seed).permutation(places)[:JUDGED]
    if len(places) < MOST:
        return min(2, len(places))
    return max(range(2, MOST + 1), key=lambda number: silhouette(places, group(places, number)))


def silhouette(places: np.ndarray, groups: np.ndarray) -> float:
    """How much nearer clips are to their own group than to the next, -1 to 1, on average."""
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    names = np.unique(groups)
    if len(names) < 2:
        return -1.0
    sizes = np.array([np.sum(groups == name) for name in names])
    sums = np.stack([distances[:, groups == name].sum(axis=1) for name in names], axis=1)
    own = groups[:, None] == names[None]
    inside = sums[own] / np.maximum(sizes[np.searchsorted(names, groups)] - 1, 1)
    outside = np.where(own, np.inf, sums / sizes).min(axis=1)
    return float(np.mean((outside - inside) / np.maximum(np.maximum(inside, outside), 1e-12)))


def confidence(places: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """How surely a clip belongs to its group, (n,): 0.5 midway between two centres, 1 at its own."""
    names = np.unique(groups)
    if len(names) < 2:
        return np.ones(len(places))
    centres = np.array([places[groups == name].mean(axis=0) for name in names])
    distances = np.linalg.norm(places[:, None] - centres[None], axis=2)
    own = distances[np.arange(len(places)), np.searchsorted(names, groups)]
    other = np.where(groups[:, None] == names[None], np.inf, distances).min(axis=1)
    return other / np.maximum(own + other, 1e-12)


def traits(vectors: np.ndarray) -> np.ndarray:
    """The descriptors that have words, (n, traits), out of normalised vectors (n, d)."""
    return vectors[:, [descriptors.names().index(name) for name in TRAITS]]


def words(told: np.ndarray, groups: np.ndarray) -> list[str]:
    """A name for every group by its traits (n, traits): what sets it apart most first, each name once."""
    named: list[str] = []
    for number in range(groups.max(initial=-1) + 1):
        means = told[groups == number].mean(axis=0)
        order = [at for at in np.argsort(-np.abs(means), kind="stable") if abs(means[at]) >= TOLD][:WORDS]
        pairs = list(TRAITS.values())
        name = "-".join(pairs[at][0 if means[at] > 0 else 1] for at in order) or USUAL
        same = sum(other.split("_")[0] == name for other in named)
        named.append(f"{name}_{same + 1}" if same else name)
    return named
