"""How pure, how complete and how well labelled a corpus is, against timelines: pure functions on frames of 10 ms.

Definitions:
  kept       frames of the corpus's clips of one speaker
  neutral    non-speech of up to 1 s between two stretches of the speaker's own speech: counts neither way
  precision  share of kept frames, neutral ones aside, in which the speaker speaks; others and background likewise
  recall     share of the frames in which the speaker speaks that are kept
  cut        share of the clips' ends that lie more than 0.1 s inside a row of speech
"""

from collections import Counter
from pathlib import Path

import numpy as np

from evaluation import accounts, timeline
from evaluation.timeline import FRAMES, Truth

NEUTRAL_SECONDS = 1.0
CLASSES = ("male", "female", "music", "noise", "noEnergy")


def neutral(speaker: np.ndarray, name: str) -> np.ndarray:
    """Frames (bool) of pauses of up to a second between two stretches of `name`."""
    pauses = np.zeros(len(speaker), bool)
    spoken = np.flatnonzero(speaker != "")
    for before, after in zip(spoken, spoken[1:], strict=False):
        gap = after - before - 1
        if 0 < gap <= NEUTRAL_SECONDS * FRAMES and speaker[before] == speaker[after] == name:
            pauses[before + 1 : after] = True
    return pauses


def purity(truths: dict[str, Truth], kept: dict[str, np.ndarray], name: str) -> dict[str, float]:
    """Seconds kept, precision, shares of others and background, recall, for truth's speaker `name`."""
    own = others = background = total = 0
    for key, truth in truths.items():
        mask = kept.get(key, np.zeros(0, bool))
        mask = np.pad(mask, (0, max(0, len(truth.speaker) - len(mask))))[: len(truth.speaker)]
        speaking = truth.speaker == name
        counted = mask & ~neutral(truth.speaker, name)
        own += np.sum(counted & speaking)
        others += np.sum(counted & ~speaking & (truth.speaker != ""))
        background += np.sum(counted & (truth.speaker == ""))
        total += np.sum(speaking)
    seen = max(own + others + background, 1)
    return {
        "kept_s": sum(int(mask.sum()) for key, mask in kept.items() if key in truths) / FRAMES,
        "precision": own / seen,
        "others": others / seen,
        "background": background / seen,
        "recall": own / max(total, 1),
    }


def labelled(
    truths: dict[str, Truth], labels: dict[str, list[tuple[str, float, float]]]
) -> tuple[np.ndarray, np.ndarray]:
    """The true and the assigned class of every frame, (frames,) each."""
    true, assigned = [], []
    for key, spans in labels.items():
        label = np.full(len(truths[key].label), "noEnergy", object)
        for name, start, stop in spans:
            label[timeline.frame(start) : timeline.frame(stop)] = name
        true.append(truths[key].label)
        assigned.append(label)
    return np.concatenate(true), np.concatenate(assigned)


def labels_of(truths: dict[str, Truth], labels: dict[str, list[tuple[str, float, float]]]) -> dict[str, float]:
    """Frame accuracies of the segmentation: five classes, speech or not, gender where speech was detected."""
    true, assigned = labelled(truths, labels)
    voices = ("male", "female", "speech")
    is_speech, assigned_speech = np.isin(true, voices), np.isin(assigned, voices)
    figures = {"five_classes": np.mean(true == assigned), "speech_or_not": np.mean(is_speech == assigned_speech)}
    for gender in ("male", "female"):
        both = assigned_speech & (true == gender)
        figures[f"gender_{gender}"] = np.mean(assigned[both] == gender) if both.any() else float("nan")
    return {name: float(value) for name, value in figures.items()}


def nearest_speaker(truths: dict[str, Truth], kept: dict[str, np.ndarray]) -> str:
    """The true speaker with most of the kept frames: whom a voice without a name stands for."""
    counts: Counter = Counter()
    for key, truth in truths.items():
        mask = kept.get(key, np.zeros(0, bool))[: len(truth.speaker)]
        counts.update(truth.speaker[: len(mask)][mask])
    counts.pop("", None)
    return counts.most_common(1)[0][0] if counts else ""


def cut_share(truths: dict[str, Truth], clips: list[dict]) -> float:
    """Share of the clips' ends that are cut, that is, lie inside a row of speech."""
    cut = ends = 0
    for stem, truth in truths.items():
        own_clips = [(float(row["start"]), float(row["end"])) for row in clips if Path(row["source"]).stem == stem]
        inside, total = accounts.cut_inside(own_clips, truth.spoken)
        cut, ends = cut + inside, ends + total
    return cut / max(ends, 1)
