"""Confusions and reliability as pictures."""

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402


def confusion(path: Path, counts: np.ndarray, tones: list[str], title: str) -> None:
    """Clips by true tone (rows) and told tone (columns), (tones, tones); shaded by the share of the row."""
    figure, axes = pyplot.subplots(figsize=(1.6 + len(tones), 1.4 + len(tones)), layout="constrained")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        dark = shares[row, column] > 0.6
        axes.text(column, row, counts[row, column], ha="center", va="center", color="white" if dark else "black")
    axes.set(xticks=range(len(tones)), yticks=range(len(tones)), xlabel="told", ylabel="true", title=title)
    axes.set_xticklabels(tones, rotation=30)
    axes.set_yticklabels(tones)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def reliability(path: Path, curve: list[dict], title: str) -> None:
    """How often clips of a confidence were told right, against that confidence."""
    figure, axes = pyplot.subplots(figsize=(4, 4), layout="constrained")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot([row["confidence"] for row in curve], [row["accuracy"] for row in curve], marker="o")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="confidence", ylabel="share told right", title=title)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
