"""Hours kept against threshold, for every score: what a person looks at to choose `filters:`.

One pass over rows in blocks; what is held are two histograms per score, whatever the number of clips.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np

from engines import scores

BINS = 100
BLOCK = 4096  # rows turned into arrays at once


@dataclass(frozen=True)
class Curve:
    """What a threshold on one score would keep.

    thresholds: (BINS + 1,), over the range of the score; at_least: (BINS + 1,) hours of clips with a score of that or
    more, which is what `min` keeps; at_most: hours with that or less, what `max` keeps; unknown: hours of clips without
    this score, which any threshold drops.
    """

    thresholds: np.ndarray
    at_least: np.ndarray
    at_most: np.ndarray
    unknown: float


def curves(rows: Iterable[dict]) -> dict[str, Curve]:
    """The curve of every score, from rows that carry the scores, in any order."""
    edges = {name: np.linspace(score.low, score.high, BINS + 1) for name, score in scores.known().items()}
    # Where a value lies among the thresholds: 0 below the first, BINS + 1 above the last.
    reached = {name: np.zeros(BINS + 2) for name in scores.known()}
    passed = {name: np.zeros(BINS + 2) for name in scores.known()}
    unknown = dict.fromkeys(scores.known(), 0.0)
    rows = iter(rows)
    while block := list(islice(rows, BLOCK)):
        hours = np.array([row["end"] - row["start"] for row in block]) / 3600
        for name in scores.known():
            values = np.array([row[name] for row in block], float)
            known = ~np.isnan(values)
            for counts, side in ((reached[name], "right"), (passed[name], "left")):
                at = np.searchsorted(edges[name], values[known], side)
                counts += np.bincount(at, hours[known], BINS + 2)
            unknown[name] += hours[~known].sum()
    return {
        name: Curve(
            edges[name],
            np.cumsum(reached[name][::-1])[::-1][1:],
            np.cumsum(passed[name])[:-1],
            float(unknown[name]),
        )
        for name in scores.known()
    }
