"""What the speaker stage reports about voices and targets: the rows of speakers.csv and targets.csv."""

import csv
import io
import logging
from dataclasses import dataclass

import numpy as np

from stages.speaker import threshold, voices

MEDOIDS = 3
ANSWERS = ("rejected", "uncertain", "confident")
VOICE = ("voice", "clips", "seconds", "gender", "medoid")
TARGET = ("target", "answer", "similarity", "margin", "confident_seconds", "uncertain_seconds", "warning")
log = logging.getLogger("voxsieve")


@dataclass(frozen=True)
class Clips:
    """The clips that have a voice, in order: vectors (clips, d) unit; all other fields (clips,).

    row: the clip's number among the rows of all clips, rising; seconds; recording; male: probability of a male voice.
    """

    row: np.ndarray
    vectors: np.ndarray
    seconds: np.ndarray
    recording: np.ndarray
    male: np.ndarray


def name(voice: int) -> str:
    """The name of a voice in tables and manifests."""
    return f"v{voice:04d}"


def describe_voices(clips: Clips, voice: np.ndarray) -> list[dict]:
    """A row for every voice, (clips,): seconds, gender, and the index of its most typical clip."""
    if not len(voice):
        return []
    described = []
    order = np.argsort(voice, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(voice[order])) + 1):
        seconds = clips.seconds[members]
        male = np.average(clips.male[members], weights=seconds)
        (medoid,) = voices.medoids(clips.vectors, clips.seconds, members, 1)
        described.append(
            {
                "voice": name(voice[members[0]]),
                "clips": len(members),
                "seconds": round(float(seconds.sum()), 2),
                "gender": "male" if male > 0.5 else "female",
                "medoid": int(medoid),
            }
        )
    return described


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
