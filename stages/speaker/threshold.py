"""Is this voice the target's? Three answers, from the corpus itself, without a threshold set by hand.

A target is looked for as a whole: its core is the cluster nearest to its reference, and with the core comes the voice
that the core is of. The voice is the target's where the core is near beyond doubt, or where it is fairly near and no
other voice comes close (the idea of test normalisation: Auckenthaler et al. 2000, "Score normalization for
text-independent speaker verification systems"). Someone who is nowhere in the corpus is about as near to several of its
voices, and near beyond doubt to none. In a corpus of one voice there is no other to hold it against: being fairly near
is then enough, and `margin` infinite.

All constants are cosines after centring, or seconds; docs/purity.md tells how far they carry.
"""

from dataclasses import dataclass

import numpy as np

from stages.speaker import voices
from stages.speaker.clusters import Clusters, blocks, unit

REJECTED, UNCERTAIN, CONFIDENT = 0, 1, 2
CORE_SECONDS = 4.0  # a cluster with less is no core
SURE = 0.76  # core: the target's, whoever else is near
LIKELY, MARGIN = 0.48, 0.20  # core: the target's where every other voice is this much farther off
POSSIBLE = 0.36  # below: rejected


@dataclass(frozen=True)
class Verdict:
    """Of one target: the answer for its core, the core's cosine, and how much farther off the next other voice is."""

    answer: int
    similarity: float
    margin: float


def judge(clusters: Clusters, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, Verdict]:
    """Answer and similarity of every cluster, (clusters,) each, and the verdict on the target, (d,) unit."""
    wanted = unit(target - clusters.centre)
    cosine = clusters.heads @ wanted
    large = clusters.seconds >= min(CORE_SECONDS, clusters.seconds.max())
    core = int(np.argmax(np.where(large, cosine, -np.inf)))
    members, similarity = voices.grow(clusters, core, wanted)
    margin = float(cosine[core] - np.max(cosine[large & ~members], initial=-np.inf))
    sure = cosine[core] >= SURE or (cosine[core] >= LIKELY and margin >= MARGIN)
    possible = (members | (similarity >= POSSIBLE)) & (cosine[core] >= POSSIBLE)
    answer = np.where(possible, UNCERTAIN, REJECTED)
    if sure:
        answer[members] = CONFIDENT
    return answer, similarity, Verdict(int(answer[core]), float(cosine[core]), margin)


def assign(clusters: Clusters, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[Verdict]]:
    """For every clip the index of its target (-1: nobody's) and the answer for it, and a verdict per target.

    targets: (targets, d) unit. A clip that is near to no cluster is uncertain at best.
    """
    choice, answer = np.full(len(clusters.heads), -1), np.zeros(len(clusters.heads), np.int8)
    best, verdicts = np.full(len(clusters.heads), -np.inf), []
    for i, target in enumerate(targets):
        found, similarity, verdict = judge(clusters, target)
        verdicts.append(verdict)
        better = (found > answer) | ((found == answer) & (found > REJECTED) & (similarity > best))
        choice[better], answer[better], best[better] = i, found[better], similarity[better]
    answer = np.where(clusters.within, answer[clusters.of], np.minimum(answer[clusters.of], UNCERTAIN))
    return choice[clusters.of], answer, verdicts


def by_cosine(vectors: np.ndarray, targets: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray, list[Verdict]]:
    """The same with a threshold given as a number: clip by clip, by plain cosine, without a margin."""
    choice, best = np.full(len(vectors), -1), np.full(len(targets), -1.0)
    for part in blocks(np.arange(len(vectors))):
        similarity = vectors[part] @ targets.T
        choice[part] = np.where(similarity.max(axis=1) >= least, np.argmax(similarity, axis=1), -1)
        best = np.maximum(best, similarity.max(axis=0))
    answers = np.where(best >= least, CONFIDENT, REJECTED)
    verdicts = [Verdict(int(a), float(one), float("nan")) for a, one in zip(answers, best, strict=True)]
    return choice, np.where(choice >= 0, CONFIDENT, REJECTED), verdicts
