"""Which clips are whose: what the machine decides, with what people decided laid over it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.decision import Decision
from stages.speaker import clusters, decided, halves, threshold, voices
from stages.speaker.present import Clips

Found = tuple[clusters.Clusters, np.ndarray]
LOOKED_AT = threshold.Verdict(
    threshold.CONFIDENT, float("nan"), float("nan")
)  # of who is not looked for by a reference


@dataclass(frozen=True)
class Choice:
    """What is decided about every clip, and about every target."""

    voice: np.ndarray  # (clips,)
    nearest: np.ndarray  # (voices,), index of the target that each voice is most like
    likeness: np.ndarray  # (voices,), the cosine to it, after centring
    choice: np.ndarray  # (clips,), index of the target; -1: nobody's
    answer: np.ndarray  # (clips,), REJECTED, UNCERTAIN or CONFIDENT of threshold
    by: np.ndarray  # (clips,), BY_NOBODY, BY_VOICE or BY_CLIP of decided: which decision of a person it rests on
    names: list[str]  # of the targets, as are the fields below
    targets: np.ndarray  # (targets, d) float32, unit vectors
    doubts: list[str]
    verdicts: list[threshold.Verdict]


def find(clips: Clips) -> Found:
    """The clips in clusters, and the voice of every cluster, (clusters,)."""
    clustered = clusters.cluster(clips.vectors, clips.seconds, clips.recording)
    return clustered, voices.group(clustered)


def choose(
    clips: Clips, found: Found, references: Path | None, least: str, count: int, told: Sequence[Decision] = ()
) -> Choice:
    """Decide on all clips: by the targets of a reference stage, or the `count` voices (0: all) with most seconds.

    found: as `find` gives them; told: what people decided.
    """
    clustered, voice_of = found
    two = [decided.here(clips, decision) for decision in told if decision.kind == "two"]
    clustered, voice_of = halves.taken_apart(clips.vectors, clips.seconds, clips.recording, clustered, voice_of, two)
    voice = voice_of[clustered.of]
    if references:
        stored = np.load(references)
        names, targets, doubts = stored["names"].tolist(), stored["vectors"], stored["doubts"].tolist()
    else:
        heads = clusters.unit(clusters.sums(clips.vectors, clips.seconds, voice))
        targets = heads[: count or None].astype(np.float32)
        names, doubts = [f"voice{i + 1}" for i in range(len(targets))], [""] * len(targets)
    if least != "auto":
        choice, answer, verdicts = threshold.by_cosine(clips.vectors, targets, float(least))
    elif references:
        choice, answer, verdicts = threshold.assign(clustered, voice_of, targets)
    else:
        choice, verdicts = np.where(voice < len(targets), voice, -1), [LOOKED_AT] * len(targets)
        answer = np.where(clustered.within, threshold.CONFIDENT, threshold.UNCERTAIN)
        answer = np.where(choice >= 0, answer, threshold.REJECTED)
    cosines = voices.merge(clustered, voice_of).heads @ clusters.unit(targets - clustered.centre).T
    nearest, likeness = np.argmax(cosines, axis=1), cosines.max(axis=1)
    nobody_said = np.full(len(voice), decided.BY_NOBODY)
    machine = Choice(voice, nearest, likeness, choice, answer, nobody_said, names, targets, doubts, verdicts)
    return outweighed(machine, clips, told) if told else machine


def nothing(names: list[str]) -> Choice:
    """The choice in a corpus without a voice: none of the targets is there."""
    nobody, absent = np.zeros(0, int), threshold.Verdict(threshold.REJECTED, float("nan"), float("nan"))
    doubts, verdicts = [""] * len(names), [absent] * len(names)
    return Choice(nobody, nobody, np.zeros(0), nobody, nobody, nobody, names, np.zeros((0, 0)), doubts, verdicts)


def outweighed(machine: Choice, clips: Clips, told: Sequence[Decision]) -> Choice:
    """The choice with what people said in place of what the machine did; a new name becomes a target of its own."""
    said = decided.tell(clips, machine.voice, told)
    choice, answer, names = machine.choice.copy(), machine.answer.copy(), list(machine.names)
    targets, doubts, verdicts = list(machine.targets), list(machine.doubts), list(machine.verdicts)
    for name in sorted({name for name in said.speaker.tolist() if name is not None}):
        chosen = said.speaker == name
        if not name:
            choice[chosen], answer[chosen] = -1, threshold.REJECTED
            continue
        if name not in names:
            names.append(name)
            targets.append(clusters.unit(clips.seconds[chosen] @ clips.vectors[chosen]).astype(np.float32))
            doubts.append("")
            verdicts.append(LOOKED_AT)
        choice[chosen], answer[chosen] = names.index(name), threshold.CONFIDENT
    target = np.where(machine.choice >= 0, machine.choice, machine.nearest[machine.voice])
    choice = np.where(said.kept & (choice < 0), target, choice)  # rejected, and yet to be kept: as whom it was near to
    answer[said.kept] = threshold.CONFIDENT
    return replace(
        machine,
        choice=choice,
        answer=answer,
        by=said.by,
        names=names,
        targets=np.array(targets, np.float32).reshape(-1, clips.vectors.shape[1]),
        doubts=doubts,
        verdicts=verdicts,
    )
