"""Labels that look wrong, by cleanlab: clips whose own tone is unlikely to models that have not heard their speaker."""

import numpy as np

from training.tone import measures, protocols
from training.tone.data import Data
from training.tone.models import Recipe

SURE = 0.7  # of another tone: below it the model may be as wrong as the label; by `rehearse`, see docs/tone.md


def find(data: Data, candidates: tuple[Recipe, ...], seed: int = 0, least: float = SURE) -> list[dict]:
    """{path, tone, likelier, confidence} of the doubtful clips, the most doubtful first.

    least: the confidence from which on a clip is listed. Source: Northcutt et al. 2021, "Confident learning";
    probabilities are out of sample, as it asks.
    """
    from cleanlab.filter import find_label_issues

    protocols.check(data)
    tones = np.unique(data.tones)
    recipe, heat = protocols.choose(data, candidates, seed)
    chances = measures.probabilities(protocols.finite(protocols.out_of_fold(data, recipe, seed)), heat)
    labels = np.searchsorted(tones, data.tones)
    order = find_label_issues(
        labels, chances, return_indices_ranked_by="self_confidence", filter_by="confident_learning", n_jobs=1
    )
    return [
        {
            "path": str(data.paths[at]),
            "tone": str(data.tones[at]),
            "likelier": str(tones[chances[at].argmax()]),
            "confidence": round(float(chances[at].max()), 3),
        }
        for at in order
        if chances[at].max() >= least
    ]
