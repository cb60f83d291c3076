"""Where a network has to look closer: at gaps between the patches it has seen that may hide a change of label."""

import numpy as np

from engines.ina import viterbi

SURE = 100.0  # a gap is skipped where the best labelling leads every other by this log-score


def share(seen: np.ndarray, length: int) -> np.ndarray:
    """How many of `length` patches are nearest to each of the patches `seen` (n,), which rise; int (n,)."""
    return np.diff([0, *((seen[1:] + seen[:-1] + 1) // 2), length])


def look_closer(seen: np.ndarray, log_posteriors: np.ndarray, length: int, change: float) -> np.ndarray:
    """Which patches of a span to look at next: the middles of those gaps that may hide something; int (m,).

    `seen` (n,) rises from 0 to length - 1: the patches looked at so far, with their `log_posteriors`
    (n, labels). Each of them stands for the patches nearest to it. A gap is halved where the best labelling
    of the span differs between its ends, or where at one of them it is less than SURE ahead of the best
    labelling with another label there.
    """
    gaps = np.diff(seen) > 1
    if not gaps.any():
        return np.empty(0, int)
    labels, margin = viterbi.margins(log_posteriors * share(seen, length)[:, np.newaxis], change)
    gaps &= (labels[1:] != labels[:-1]) | (np.minimum(margin[1:], margin[:-1]) < SURE)
    return ((seen[1:] + seen[:-1]) // 2)[gaps]
