"""What people decided about voices and clips, laid over what the machine decided: pure functions.

A person's answer outweighs the machine's. The answer on a clip comes first; then the latest answer on a voice that had
the clip among its places; then, for clips that nobody was asked about (of a recording that came later), the answer that
most of their voice has.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipeline.decision import OF_VOICES, Decision
from pipeline.places import Latest, covers
from stages.speaker.present import Clips

BY_NOBODY, BY_VOICE, BY_CLIP = 0, 1, 2
TOLD = ("", "voice", "clip")  # as clips.csv says it
MOST, AGREED = 0.5, 0.9  # of a voice's seconds told; of these the share that one answer has, to hold for the rest


@dataclass(frozen=True)
class Told:
    """speaker: (clips,) object, a name, "" for nobody who is wanted, None where people said nothing; kept: (clips,)

    bool, where a person heard the clip and keeps it, and did not say later that it is nobody's; by: (clips,),
    BY_NOBODY, BY_VOICE or BY_CLIP.
    """

    speaker: np.ndarray
    kept: np.ndarray
    by: np.ndarray


def here(clips: Clips, decision: Decision) -> np.ndarray:
    """The clips that a decision on a voice was made on, (clips,) bool."""
    return covers(decision.places, clips.sha256, clips.recording, clips.start, clips.end)


def tell(clips: Clips, voice: np.ndarray, decisions: Iterable[Decision]) -> Told:
    """What people said of every clip. voice: (clips,), as taken apart by what they said."""
    decisions = list(decisions)
    speaker = np.full(len(voice), None, object)
    untold = np.ones(len(voice), bool)
    for decision in decisions:
        if decision.kind in OF_VOICES:
            inside = here(clips, decision)
            speaker[inside] = decision.value if decision.kind == "voice" else None
            untold &= ~inside
    _spread(speaker, untold, voice, clips.seconds)
    by = np.where([name is None for name in speaker], BY_NOBODY, BY_VOICE)
    kept = np.zeros(len(voice), bool)
    names = Latest(decision for decision in decisions if decision.kind == "speaker")
    verdicts = Latest(decision for decision in decisions if decision.kind in ("keep", "drop"))
    known = set(clips.sha256) & {sha256 for decision in decisions for sha256 in decision.places}
    for clip in np.flatnonzero(np.isin(clips.recording, [clips.sha256.index(sha256) for sha256 in known])):
        row = {"sha256": clips.sha256[clips.recording[clip]], "start": clips.start[clip], "end": clips.end[clip]}
        if decision := names.of(row):
            speaker[clip], by[clip] = decision.value, BY_CLIP
        verdict = verdicts.of(row)
        if (
            verdict
            and verdict.kind == "keep"
            and not (decision and not decision.value and decision.when > verdict.when)
        ):
            kept[clip], by[clip] = True, BY_CLIP
    return Told(speaker, kept, by)


def _spread(speaker: np.ndarray, untold: np.ndarray, voice: np.ndarray, seconds: np.ndarray) -> None:
    """Give a voice's answer to its clips that nobody was asked about, in place."""
    total, told, best = np.bincount(voice, seconds), np.zeros(voice.max() + 1), np.zeros(voice.max() + 1)
    answer = np.full(voice.max() + 1, None, object)
    for name in {name for name in speaker.tolist() if name is not None}:
        said = speaker == name
        spoken = np.bincount(voice[said], seconds[said], len(total))
        told += spoken
        answer[spoken > best] = name
        best = np.maximum(best, spoken)
    answer[(told < MOST * total) | (best < AGREED * told)] = None
    speaker[untold] = answer[voice[untold]]
