"""What the speaker stage tells of voices and targets, for people: the rows of speakers.csv and targets.csv."""

import csv
import io
import logging
from dataclasses import dataclass

import numpy as np

from stages import threshold, voices

MEDOIDS = 3
ANSWERS = ("rejected", "uncertain", "confident")
log = logging.getLogger("voxsieve")


@dataclass(frozen=True)
class Clips:
    """What is held of all clips, in their order: vectors (clips, d) and, (clips,) each, seconds, recording, male."""

    vectors: np.ndarray
    seconds: np.ndarray
    recording: np.ndarray
    male: np.ndarray


def describe_voices(clips: Clips, voice: np.ndarray) -> list[dict]:
    """A row for every voice: seconds, gender, and the index of the clip that stands best for it."""
    described = []
    order = np.argsort(voice, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(voice[order])) + 1):
        seconds = clips.seconds[members]
        male = np.average(clips.male[members], weights=seconds)
        (medoid,) = voices.medoids(clips.vectors, clips.seconds, members, 1)
        described.append(
            {
                "voice": f"v{voice[members[0]]:04d}",
                "clips": len(members),
                "seconds": round(float(seconds.sum()), 2),
                "gender": "male" if male > 0.5 else "female",
                "medoid": int(medoid),
            }
        )
    return described


def describe_target(name: str, verdict: threshold.Verdict, seconds: list[float], doubt: str) -> dict:
    """The row of a target; one that is nowhere, or not surely somewhere, gets a warning, in the log too.

    seconds: of its clips, by answer; doubt: what the reference stage found wrong with its reference.
    """
    warning = f"its reference may hold more than one voice: {doubt}" if doubt else ""
    if verdict.answer != threshold.CONFIDENT:
        perhaps = f"; {seconds[threshold.UNCERTAIN]:.0f} s are uncertain" if seconds[threshold.UNCERTAIN] else ""
        warning = f"no voice of the corpus is surely {name}{perhaps}: listen, or give another reference"
        log.warning("speaker: %s; the nearest voice has similarity %.2f.", warning, verdict.similarity)
    numbers = {"similarity": verdict.similarity, "margin": verdict.margin}
    rounded = {key: "" if np.isnan(value) else round(value, 3) for key, value in numbers.items()}
    spoken = {f"{ANSWERS[a]}_seconds": round(seconds[a], 2) for a in (threshold.CONFIDENT, threshold.UNCERTAIN)}
    return {"target": name, "answer": ANSWERS[verdict.answer], **rounded, **spoken, "warning": warning}


def typical(clips: Clips, choice: np.ndarray, number: int) -> list[int]:
    """The clips that stand best for one target."""
    members = np.flatnonzero(choice == number)
    return voices.medoids(clips.vectors, clips.seconds, members, MEDOIDS).tolist() if len(members) else []


def to_csv(rows: list[dict]) -> str:
    """Rows as CSV with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
