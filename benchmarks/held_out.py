"""The figures of benchmarks.purity with constants chosen without the data that they are scored on."""

import itertools
from pathlib import Path

import numpy as np

from evaluation import timeline
from pipeline import manifest
from stages.segment import hearing, labels
from stages.speaker import clusters, threshold, voices

THRESHOLDS = {
    (clusters, "CUT"): (0.31, 0.35, 0.39),
    (voices, "JOIN"): (0.26, 0.30, 0.34),
    (voices, "ASTRAY"): (0.04, 0.08, 0.12),
    (threshold, "SURE"): (0.72, 0.76, 0.80),
    (threshold, "MARGIN"): (0.24, 0.28, 0.32),
}
LABELS = {
    (labels, "SPOKEN"): (0.4, 0.5, 0.6),
    (labels, "LEAD"): (2, 4),
    (labels, "PAUSE"): (28, 32, 36),
    (labels, "FADE_DB"): (20.0, 25.0, 30.0),
}


def grid(values: dict[tuple, tuple]) -> list[dict]:
    return [dict(zip(values, choice, strict=True)) for choice in itertools.product(*values.values())]


def with_constants(constants: dict, work):
    """The result of `work()` with other constants, (module, name) -> value."""
    before = {(module, name): getattr(module, name) for module, name in constants}
    try:
        for (module, name), value in constants.items():
            setattr(module, name, value)
        return work()
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


def thresholds(judged, speakers: list, strangers: dict[str, np.ndarray]) -> tuple[float, float, int]:
    """Mean precision and recall of the speakers, and strangers accepted, with constants chosen on other people.

    Speakers form as many groups as there are shows; each is scored with the constants best for all others.
    """
    groups = len(judged.truths)
    names = sorted({name for name, _, _ in speakers})

    def figures() -> tuple[np.ndarray, np.ndarray]:
        judged.cluster()
        of_speakers = np.array([judged.on_the_other_half(*speaker) for speaker in speakers])
        return of_speakers, np.array([judged.sure(vector).any() for vector in strangers.values()], float)

    tried = [with_constants(constants, figures) for constants in grid(THRESHOLDS)]
    group = np.array([names.index(name) % groups for name, _, _ in speakers])
    stranger = np.arange(len(strangers)) % groups
    scored, accepted = [], 0
    for fold in range(groups):
        value = [
            np.nanmean(scores[group != fold], axis=0).sum() - lost[stranger != fold].mean() for scores, lost in tried
        ]
        scores, lost = tried[int(np.argmax(value))]
        scored.append(scores[group == fold])
        accepted += int(lost[stranger == fold].sum())
    precision, recall = np.nanmean(np.concatenate(scored), axis=0)
    return float(precision), float(recall), accepted


def speech(work: Path, truths: dict[str, timeline.Truth]) -> float:
    """Share of frames right as speech or not, every show with the constants that are best for the others."""
    from engines import ina
    from engines.silero.onnx import Vad

    segmenter, vad = ina.load("onnx", "smn", False, False, 2, "auto"), Vad()
    evidence = {}
    for path in sorted(work.glob("separate/*/manifest.jsonl")):
        for row in manifest.stream(path):
            sounds = ((row["mixture"], 1.0), (row["path"], row["gain"]))
            pair = [hearing.Signal(work / path, row["downmix"], gain, segmenter, vad, work) for path, gain in sounds]
            evidence[Path(row["source"]).stem] = ((pair[0].probability + pair[1].probability) / 2, pair[1].level)

    def right() -> np.ndarray:
        counts = []
        for show, truth in truths.items():
            labelled = labels.speech(*evidence[show])[: len(truth.speaker)]
            counts.append(((labelled == (truth.speaker[: len(labelled)] != "")).sum(), len(labelled)))
        return np.array(counts)

    tried = np.array([with_constants(constants, right) for constants in grid(LABELS)])
    best = [int(np.argmax(np.delete(tried[:, :, 0], show, axis=1).sum(axis=1))) for show in range(len(truths))]
    return float(sum(tried[choice, show, 0] for show, choice in enumerate(best)) / tried[0, :, 1].sum())
