"""Is this voice the target's? Three answers, from the corpus itself, without a threshold set by hand.

A target is looked for as a whole: its core is the voice of the corpus nearest to its reference. The core is the
target's where it is near beyond doubt, or where it is fairly near and no other voice comes close (the idea of test
normalisation: Auckenthaler et al. 2000, "Score normalization for text-independent speaker verification systems").
Someone who is nowhere in the corpus is about as near to several of its voices, and near beyond doubt to none. Then
other clusters join the core: those of its own recordings that are like it, and those of other recordings that are like
the reference. A cluster with many seconds is a voice of its own, which has to be as near as a core.

All constants are cosines after centring, found on the six development shows; docs/purity.md tells how far they carry.
"""

from dataclasses import dataclass

import numpy as np

from stages import voices

REJECTED, UNCERTAIN, CONFIDENT = 0, 1, 2
NEAR_PLAIN = 0.80  # plain cosine from which a voice is kept out of the cohort: it may be the target
COHORT_SECONDS = 20.0  # least duration of a cohort; with less, plain cosines and NEAR_PLAIN decide
VOICE_SECONDS = 5.0  # a cluster with less does not count as a voice of the cohort
CORE_SECONDS = 10.0  # nor one with less as a core
SURE = 0.74  # core: the target's, whoever else is near
LIKELY, MARGIN = 0.50, 0.22  # core: the target's where every other voice is this much farther off
ALIKE = 0.62  # a cluster of other recordings is the target's
OWN_SECONDS = 30.0  # from which a cluster is a voice of its own, and has to be SURE
POSSIBLE = 0.36  # below: rejected; above, and in a recording of the core: its voice under other sounds


@dataclass(frozen=True)
class Verdict:
    """Of one target: the answer for its core, the core's cosine, and how much farther off the next other voice is."""

    answer: int
    similarity: float
    margin: float


def cohort(vectors: np.ndarray, seconds: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """Mean (d,) of the voices that are not near the target, each counted once; None where they speak too little."""
    label = voices.clusters(vectors, seconds, voices.PLAIN_CUT)
    total, spoken = voices.sums(vectors, seconds, label), np.bincount(label, seconds)
    far = voices.unit(total) @ target < NEAR_PLAIN
    if spoken[far].sum() < COHORT_SECONDS:
        return None
    counted = far & (spoken >= VOICE_SECONDS) if (far & (spoken >= VOICE_SECONDS)).any() else far
    return (total[counted] / spoken[counted, None]).mean(axis=0)


def judge_clusters(
    heads: np.ndarray, seconds: np.ndarray, together: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Verdict]:
    """Answer and similarity of every cluster, (clusters,) each, and the verdict on the target.

    heads: (clusters, d) unit means after centring; seconds: (clusters,); together: (clusters, clusters) bool, whether
    two share a recording; target: (d,) unit, centred.
    """
    cosine = heads @ target
    large = seconds >= min(CORE_SECONDS, seconds.max())
    core = int(np.argmax(np.where(large, cosine, -np.inf)))
    kin = together[core] & (heads @ heads[core] >= POSSIBLE)
    kin[core] = True
    margin = float(cosine[core] - np.max(cosine[large & ~kin], initial=-1.0))
    sure = cosine[core] >= SURE or (cosine[core] >= LIKELY and margin >= MARGIN)
    similarity = np.where(kin, heads @ voices.unit(target + heads[core]), cosine)
    similarity[core] = cosine[core]
    enough = np.where(kin, POSSIBLE, np.where(seconds >= OWN_SECONDS, SURE, ALIKE))
    possible = (similarity >= POSSIBLE) & (cosine[core] >= POSSIBLE)
    answer = np.where(possible, UNCERTAIN, REJECTED)
    if sure:
        answer = np.where(similarity >= enough, CONFIDENT, answer)
        answer[core] = CONFIDENT
    return answer, similarity, Verdict(int(answer[core]), float(cosine[core]), margin)


def share_recording(label: np.ndarray, recording: np.ndarray) -> np.ndarray:
    """Whether two clusters have clips of one recording: (clusters, clusters) bool."""
    from scipy import sparse

    ones = np.ones(len(label), np.int32)
    found = sparse.csr_array((ones, (label, recording)), shape=(label.max() + 1, recording.max() + 1))
    return (found @ found.T).toarray() > 0


def judge(
    vectors: np.ndarray, seconds: np.ndarray, recording: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Verdict]:
    """Answer (clips,) int8 and similarity (clips,) of every clip, and the verdict on the target.

    vectors: (clips, d) unit embeddings; seconds: (clips,); recording: (clips,) int; target: (d,) unit. A clip that was
    not clustered and lies farther from its cluster than the clusters are wide is uncertain at best.
    """
    chosen = voices.sample(seconds)
    known, spoken = vectors[chosen], seconds[chosen]
    centre, cut = cohort(known, spoken, target), voices.CENTRED_CUT
    if plain := centre is None:
        centre, cut = np.zeros(len(target)), voices.PLAIN_CUT
    centred = voices.unit(known - centre)
    label = voices.clusters(centred, spoken, cut)
    heads, wanted = voices.means(centred, spoken, label), voices.unit(target - centre)
    if plain:
        of_cluster = heads @ wanted
        answers = np.where(of_cluster >= NEAR_PLAIN, CONFIDENT, REJECTED)
        best = int(np.argmax(of_cluster))
        verdict = Verdict(int(answers[best]), float(of_cluster[best]), float("nan"))
    else:
        together = share_recording(label, recording[chosen])
        answers, of_cluster, verdict = judge_clusters(heads, np.bincount(label, spoken), together, wanted)
    answer, similarity = np.empty(len(vectors), np.int8), np.empty(len(vectors), np.float32)
    for block, nearest, cosine in voices.nearest(vectors, centre, heads):
        found = answers[nearest]
        answer[block] = np.where(cosine >= 1 - cut, found, np.minimum(found, UNCERTAIN))
        similarity[block] = of_cluster[nearest]
    answer[chosen], similarity[chosen] = answers[label], of_cluster[label]
    return answer, similarity, verdict


def assign(
    vectors: np.ndarray, seconds: np.ndarray, recording: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[Verdict]]:
    """For every clip the index of its target (-1: nobody's) and the answer for it, and a verdict per target."""
    choice, answer = np.full(len(vectors), -1), np.zeros(len(vectors), np.int8)
    best, verdicts = np.full(len(vectors), -np.inf, np.float32), []
    for i, target in enumerate(targets):
        found, similarity, verdict = judge(vectors, seconds, recording, target)
        verdicts.append(verdict)
        better = (found > answer) | ((found == answer) & (found > REJECTED) & (similarity > best))
        choice[better], answer[better], best[better] = i, found[better], similarity[better]
    return choice, answer, verdicts
