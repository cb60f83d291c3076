"""Clusters made without any label, held against how aroused actors were meant to sound."""

import numpy as np
from sklearn.metrics import adjusted_rand_score

from engines.tone import clusters, parts
from engines.tone.plane import Plane
from training.tone.data import Data

HIGH, LOW = ("angry", "happy", "fearful"), ("neutral", "calm", "sad")


def agreement(data: Data, groups: int = 2) -> dict[str, float]:
    """Adjusted Rand index of the clusters against high and low arousal, for every speaker who has both.

    All clips are clustered together, those of other tones too; none of the labels is looked at before.
    """
    vectors = data.matrix(parts.IN_PIPELINE, True)
    plane = Plane()
    plane.add(vectors)
    told = clusters.group(plane.places(vectors), groups)
    high, judged = np.isin(data.tones, HIGH), np.isin(data.tones, HIGH + LOW)
    figures = {}
    for speaker in np.unique(data.speakers):
        own = judged & (data.speakers == speaker)
        if len(np.unique(high[own])) == 2:
            figures[str(speaker)] = float(adjusted_rand_score(high[own], told[own]))
    return figures


def lines(data: Data) -> list[str]:
    """The figures of `agreement` as text, of all clips and by set; none where no speaker has both."""
    figures = agreement(data)
    if not figures:
        return []
    sets = dict(zip(data.speakers.tolist(), data.sets.tolist(), strict=True))
    of_set: dict[str, list[float]] = {}
    for speaker, figure in figures.items():
        of_set.setdefault(sets[speaker], []).append(figure)
    values = list(figures.values())
    by_set = ", ".join(f"{name} {np.median(own):.2f}" for name, own in sorted(of_set.items()))
    return [
        f"two clusters, made without labels, against arousal: adjusted Rand index {np.median(values):.2f} (median of "
        f"{len(values)} speakers, mean {np.mean(values):.2f}); medians by set: {by_set}"
    ]
