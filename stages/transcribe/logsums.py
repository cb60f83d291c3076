"""Sums and products of matrices of log weights."""

import numpy as np


def product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The product (n, m) of two matrices (n, k), (k, m) of log weights; what lies 700 nats below others is nothing."""
    most, best = _most(first, axis=1), _most(second, axis=0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(first - most) @ np.exp(second - best)) + most + best


def log_sum(weights: np.ndarray, axis: int) -> np.ndarray:
    """The logarithm of the sum of exponentials along an axis; minus infinity of nothing."""
    most = _most(weights, axis)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(weights - most).sum(axis=axis)) + np.squeeze(most, axis)


def _most(weights: np.ndarray, axis: int) -> np.ndarray:
    """The greatest weights along an axis, finite."""
    return np.maximum(weights.max(axis=axis, keepdims=True), -1e300)
