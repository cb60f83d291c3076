"""Is this voice the target's? Three answers, from the corpus itself, without a threshold set by hand.

A target is given whole voices, those that voices.group finds and speakers.csv lists. Its core is the voice nearest to
its reference. Other voices join the core where they are likely the target's themselves and, judged by core and
reference together, one with the core. They are the target's where the core is near beyond doubt, or where it is fairly
near and nothing else comes close (the idea of test normalisation: Auckenthaler et al. 2000, "Score normalization for
text-independent speaker verification systems"). Someone who is nowhere in the corpus is about as near to several of its
voices, and near beyond doubt to none. In a corpus of one voice there is no other to compare it with: being fairly near
is then enough, and `margin` is infinite.

All constants are cosines after centring, or seconds; docs/purity.md tells how well they generalise.
"""

from dataclasses import dataclass

import numpy as np

from stages.speaker import voices
from stages.speaker.clusters import Clusters, blocks, unit

REJECTED, UNCERTAIN, CONFIDENT = 0, 1, 2
CORE_SECONDS = 4.0  # a voice with less is no core; a cluster with less is not compared with one
SURE = 0.76  # core: the target's, however near others are
LIKELY, MARGIN = 0.48, 0.28  # core: the target's where clusters of all other voices are lower by the margin
POSSIBLE = 0.36  # below: rejected


@dataclass(frozen=True)
class Verdict:
    """Of one target: the answer for its core, the core's cosine, and its lead over the next other voice."""

    answer: int
    similarity: float
    margin: float


def large(seconds: np.ndarray) -> np.ndarray:
    """Which have enough seconds to be judged, (n,) bool; the largest always has."""
    return seconds >= min(CORE_SECONDS, seconds.max())


def judge(
    clusters: Clusters, voice: np.ndarray, whole: Clusters, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Verdict]:
    """Answer and similarity of every voice, (voices,) each, and the verdict on the target, (d,) unit.

    voice: of every cluster, (clusters,); whole: the clusters merged by it. The core is compared with the clusters of
    other voices, not with their means: these lie between a person's ways of speaking, and so farther from the target.
    """
    wanted = unit(target - whole.centre)
    cosine = whole.heads @ wanted
    core = int(np.argmax(np.where(large(whole.seconds), cosine, -np.inf)))
    members, similarity = voices.grow(whole, core, wanted, cosine >= LIKELY)
    other_voices = clusters.heads[large(clusters.seconds) & ~members[voice]] @ wanted
    margin = float(cosine[core] - np.max(other_voices, initial=-np.inf))
    sure = cosine[core] >= SURE or (cosine[core] >= LIKELY and margin >= MARGIN)
    possible = (members | (similarity >= POSSIBLE)) & (cosine[core] >= POSSIBLE)
    answer = np.where(possible, UNCERTAIN, REJECTED)
    if sure:
        answer[members] = CONFIDENT
    return answer, similarity, Verdict(int(answer[core]), float(cosine[core]), margin)


def assign(clusters: Clusters, voice: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[Verdict]]:
    """For every clip the index of its target (-1: nobody's) and the answer for it, and a verdict per target.

    voice: of every cluster, (clusters,); targets: (targets, d) unit. All clips of a voice get one answer, but a clip
    that is near to no cluster is uncertain at best.
    """
    whole = voices.merge(clusters, voice)
    choice, answer = np.full(len(whole.heads), -1), np.zeros(len(whole.heads), np.int8)
    best, verdicts = np.full(len(whole.heads), -np.inf), []
    for i, target in enumerate(targets):
        target_answer, similarity, verdict = judge(clusters, voice, whole, target)
        verdicts.append(verdict)
        better = (target_answer > answer) | (
            (target_answer == answer) & (target_answer > REJECTED) & (similarity > best)
        )
        choice[better], answer[better], best[better] = i, target_answer[better], similarity[better]
    answer = np.where(whole.within, answer[whole.of], np.minimum(answer[whole.of], UNCERTAIN))
    return choice[whole.of], answer, verdicts


def by_cosine(vectors: np.ndarray, targets: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray, list[Verdict]]:
    """The same with a threshold given as a number: clip by clip, by plain cosine, without a margin."""
    choice, best = np.full(len(vectors), -1), np.full(len(targets), -1.0)
    for part in blocks(np.arange(len(vectors))):
        similarity = vectors[part] @ targets.T
        choice[part] = np.where(similarity.max(axis=1) >= least, np.argmax(similarity, axis=1), -1)
        best = np.maximum(best, similarity.max(axis=0))
    answers = np.where(best >= least, CONFIDENT, REJECTED)
    verdicts = [Verdict(int(a), float(cosine), float("nan")) for a, cosine in zip(answers, best, strict=True)]
    return choice, np.where(choice >= 0, CONFIDENT, REJECTED), verdicts
