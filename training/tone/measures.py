"""How good predictions are: unweighted average recall with an interval, confusion, calibration. Pure functions."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

RESAMPLES = 2000
TEMPERATURES = (0.02, 50.0)


def uar(true: np.ndarray, told: np.ndarray) -> float:
    """Unweighted average recall: the mean over the true tones of the share that was told right."""
    return float(np.mean([np.mean(told[true == tone] == tone) for tone in np.unique(true)]))


def interval(true: np.ndarray, told: np.ndarray, speakers: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """95 % of the UAR where speakers are drawn again with replacement: clips of one speaker are alike."""
    random, names = np.random.default_rng(seed), np.unique(speakers)
    tones = np.unique(true)
    right = np.array(
        [[np.sum((speakers == name) & (true == tone) & (told == tone)) for tone in tones] for name in names]
    )
    there = np.array([[np.sum((speakers == name) & (true == tone)) for tone in tones] for name in names])
    drawn = random.integers(0, len(names), (RESAMPLES, len(names)))
    counts = there[drawn].sum(axis=1)
    recalls = np.divide(right[drawn].sum(axis=1), counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    low, high = np.percentile(np.nanmean(recalls, axis=1), [2.5, 97.5])
    return float(low), float(high)


def confusion(true: np.ndarray, told: np.ndarray, tones: list[str]) -> np.ndarray:
    """Clips by true tone (rows) and told tone (columns)."""
    return np.array([[int(np.sum((true == row) & (told == column))) for column in tones] for row in tones])


def temperature(scores: np.ndarray, true: np.ndarray) -> float:
    """What scores (n, tones) of clips that were not trained on must be divided by, so that their softmax is calibrated.

    true: indices of the tones, (n,). Guo et al. 2017, "On calibration of modern neural networks".
    """

    def loss(log_heat: float) -> float:
        return -float(np.mean(log_softmax(scores / np.exp(log_heat), axis=1)[np.arange(len(true)), true]))

    return float(np.exp(minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded").x))


def probabilities(scores: np.ndarray, heat: float) -> np.ndarray:
    """The softmax of scores (n, tones) over a temperature."""
    return softmax(scores / heat, axis=1)


def reliability(confidence: np.ndarray, right: np.ndarray, bins: int = 5) -> tuple[list[dict], float]:
    """{confidence, accuracy, clips} of `bins` of equal size, by confidence; and the expected calibration error."""
    order = np.array_split(np.argsort(confidence, kind="stable"), bins)
    rows = [
        {"confidence": float(confidence[own].mean()), "accuracy": float(right[own].mean()), "clips": len(own)}
        for own in order
        if len(own)
    ]
    error = sum(row["clips"] * abs(row["confidence"] - row["accuracy"]) for row in rows) / max(len(right), 1)
    return rows, float(error)
