"""How well a yes or no is told from scores."""

import numpy as np


def area(scores: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve: the share of pairs of a positive and a negative in the right order, ties half."""
    from scipy.stats import rankdata

    count = int(positive.sum()), int((~positive).sum())
    if not min(count):
        return float("nan")
    return float((rankdata(scores)[positive].sum() - count[0] * (count[0] + 1) / 2) / (count[0] * count[1]))
