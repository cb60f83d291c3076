"""What the speaker stage reports about voices and targets: the rows of speakers.csv and targets.csv."""

import csv
import io
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stages.speaker import halves, threshold, voices

if TYPE_CHECKING:
    from stages.speaker.choice import Choice

MEDOIDS = 3
ANSWERS = ("rejected", "uncertain", "confident")
VOICE = ("voice clips seconds gender medoid target similarity confident_seconds uncertain_seconds typical").split()
TARGET = ("target", "answer", "similarity", "margin", "confident_seconds", "uncertain_seconds", "warning")
log = logging.getLogger("voxsieve")


@dataclass(frozen=True)
class Clips:
    """The clips that have a voice, in order: vectors (clips, d) unit; all other fields (clips,).

    row: the clip's number among the rows of all clips, rising; seconds; recording: its number in `sha256`, which has
    those of all recordings; male: probability of a male voice; start and end in the recording, in seconds.
    """

    row: np.ndarray
    vectors: np.ndarray
    seconds: np.ndarray
    recording: np.ndarray
    male: np.ndarray
    start: np.ndarray
    end: np.ndarray
    sha256: list[str]


def name(voice: int) -> str:
    """The name of a voice in tables and manifests."""
    return f"v{voice:04d}"


def describe_voices(clips: Clips, choice: "Choice") -> list[dict]:
    """A row for every voice: seconds, in all and by answer, gender, the target it is most like, and clips to hear.

    `typical`: indices of the most typical clip, and of that of either side where the voice is taken in two, so that one
    who hears them can tell a voice that is two.
    """
    if not len(choice.voice):
        return []
    described = []
    order = np.argsort(choice.voice, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(choice.voice[order])) + 1):
        voice, seconds, answer = choice.voice[members[0]], clips.seconds[members], choice.answer[members]
        male = np.average(clips.male[members], weights=seconds)
        spoken = {f"{ANSWERS[a]}_seconds": round(float(seconds[answer == a].sum()), 2) for a in (2, 1)}
        described.append(
            {"voice": name(voice), "clips": len(members), "seconds": round(float(seconds.sum()), 2)}
            | {"gender": "male" if male > 0.5 else "female", "typical": to_hear(clips, members)}
            | {"target": choice.names[choice.nearest[voice]], "similarity": round(float(choice.likeness[voice]), 3)}
            | spoken
        )
    return described


def to_hear(clips: Clips, members: np.ndarray) -> list[int]:
    """The most typical clip of a voice's `members` (indices), and those of its two sides: one to three clips."""
    side = halves.sides(clips.vectors[members], clips.seconds[members])
    groups = [members, members[~side], members[side]]
    chosen = [voices.medoids(clips.vectors, clips.seconds, group, 1) for group in groups if len(group)]
    return list(dict.fromkeys(int(clip) for clip, *_ in chosen))


def describe_target(target: str, verdict: threshold.Verdict, seconds: list[float], doubt: str) -> dict:
    """The row of a target, with its warnings, which are also logged.

    seconds: of its clips, by answer; doubt: what the reference stage found wrong with its reference.
    """
    warnings = [f"its reference may hold more than one voice: {doubt}"] if doubt else []
    if verdict.answer != threshold.CONFIDENT:
        perhaps = f"; {seconds[threshold.UNCERTAIN]:.0f} s are uncertain" if seconds[threshold.UNCERTAIN] else ""
        warnings.append(f"no voice of the corpus is surely {target}{perhaps}: listen, or give another reference")
    elif not seconds[threshold.CONFIDENT]:
        warnings.append("another target is more like all of its clips: are both the same person?")
    elif np.isinf(verdict.margin) and verdict.similarity < threshold.SURE:
        warnings.append(f"the corpus holds no other voice that could tell whether this one is {target}'s: listen")
    for warning in warnings:
        log.warning("speaker: %s: %s (similarity %.2f).", target, warning, verdict.similarity)
    numbers = {"similarity": verdict.similarity, "margin": verdict.margin}
    rounded = {key: round(value, 3) if np.isfinite(value) else "" for key, value in numbers.items()}
    spoken = {f"{ANSWERS[a]}_seconds": round(seconds[a], 2) for a in (threshold.CONFIDENT, threshold.UNCERTAIN)}
    return {"target": target, "answer": ANSWERS[verdict.answer], **rounded, **spoken, "warning": "; ".join(warnings)}


def typical(clips: Clips, wanted: np.ndarray) -> list[int]:
    """The most typical of the `wanted` clips, (clips,) bool."""
    members = np.flatnonzero(wanted)
    return voices.medoids(clips.vectors, clips.seconds, members, MEDOIDS).tolist() if len(members) else []


def to_csv(columns: tuple[str, ...], rows: list[dict]) -> str:
    """Rows as CSV with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
