"""Means and how sure they are."""

import numpy as np


def mean_and_half(values: list[float]) -> tuple[float, float]:
    """The mean of the known values, and half of its 95 % interval by Student's t; NaN where too few are known."""
    from scipy.stats import t

    known = np.array([value for value in values if np.isfinite(value)])
    if not len(known):
        return float("nan"), float("nan")
    if len(known) < 2:
        return float(known[0]), float("nan")
    half = t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    return float(known.mean()), float(half)


def told(values: list[float]) -> str:
    """Such as "2.31 ±0.12", or a dash where nothing is known."""
    mean, half = mean_and_half(values)
    if np.isnan(mean):
        return "-"
    return f"{mean:.2f}" + ("" if np.isnan(half) else f" ±{half:.2f}")
