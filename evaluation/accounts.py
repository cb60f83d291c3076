"""What evaluation.__main__ reports besides purity: where seconds were lost, clips cut inside speech, separated stems.

Pure functions on timelines in frames of 10 ms and on signals; `read_losses` and `stems` read what they need.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pipeline import audio, manifest, registry
from pipeline.rows import Reject

INSIDE_SECONDS = 0.1  # a clip that begins or ends this far inside a row of speech is cut
STEM_RATE = 16000


def cut_inside(clips: Iterable[tuple[float, float]], rows: list[tuple[float, float]]) -> tuple[int, int]:
    """How many ends of clips lie inside rows of speech, and how many there are; both are (start, end) in seconds."""
    starts = np.array([start for start, _ in rows]) + INSIDE_SECONDS
    stops = np.array([stop for _, stop in rows]) - INSIDE_SECONDS
    ends = [end for clip in clips for end in clip]
    return sum(bool(np.any((starts < end) & (end < stops))) for end in ends), len(ends)


def confusion(true: np.ndarray, labelled: np.ndarray, classes: Iterable[str]) -> dict[str, dict[str, int]]:
    """Frames of every true class (rows) by the label they got (columns)."""
    counts = Counter(zip(true.tolist(), labelled.tolist(), strict=True))
    return {name: {label: counts[name, label] for label in classes} for name in classes}


def si_sdr(estimate: np.ndarray, reference: np.ndarray) -> float:
    """Scale-invariant signal-to-distortion ratio in dB of (n,) against (n,); Le Roux et al. 2019, equation 5."""
    estimate, reference = (signal - signal.mean() for signal in (estimate.astype(float), reference.astype(float)))
    target = (estimate @ reference) / max(reference @ reference, 1e-12) * reference
    return float(10 * np.log10(max(target @ target, 1e-12) / max(np.sum((estimate - target) ** 2), 1e-12)))


def read_losses(work: Path) -> dict[str, list[tuple[str, float, float]]]:
    """recording's stem -> (step and reason, start, end) of every reject of every stage."""
    losses: dict[str, list[tuple[str, float, float]]] = {}
    for stage in registry.stages():
        for row in _rejects(work / stage):
            stem = Path(row["source"]).stem
            losses.setdefault(stem, []).append((f"{row['stage']}: {row['reason']}", row["start"], row["end"]))
    return losses


def _rejects(folder: Path) -> Iterator[dict]:
    """The rejects of one stage, of all shards."""
    for path in sorted([*folder.glob(manifest.REJECTS), *folder.glob(f"s*/{manifest.REJECTS}")]):
        yield from manifest.stream(path, Reject)


def lost(
    speaker: np.ndarray, kept: np.ndarray, losses: list[tuple[str, float, float]], name: str, rate: int
) -> Counter:
    """Frames in which `name` speaks by the step that lost them, "kept" where none did; `rate` frames a second."""
    step = np.full(len(speaker), "elsewhere", object)
    for reason, start, stop in losses:
        step[round(start * rate) : round(stop * rate)] = reason
    step[np.flatnonzero(kept[: len(step)])] = "kept"
    return Counter(step[speaker == name].tolist())


def stems(table: Path, work: Path) -> dict[str, tuple[float, float]]:
    """SI-SDR in dB of the mixture and of the vocals, mean per SNR of stems.csv, against the clean speech it names."""
    rows = {}
    for path in sorted(work.glob("separate/*/manifest.jsonl")):
        rows |= {Path(row["source"]).stem: row for row in manifest.stream(path)}
    by_snr: dict[str, list[tuple[float, float]]] = {}
    with open(table, encoding="utf-8", newline="") as lines:
        for passage in csv.DictReader(lines):
            if row := rows.get(passage["show"]):
                clean = decoded(table.parent / passage["file"])
                begin = round(float(passage["start"]) * STEM_RATE)
                part = slice(begin, begin + len(clean))
                values = [si_sdr(decoded(work / row[name])[part], clean) for name in ("mixture", "path")]
                by_snr.setdefault(passage["snr_db"], []).append((values[0], values[1]))
    means = {
        f"{snr} dB": np.mean(values, axis=0) for snr, values in sorted(by_snr.items(), key=lambda pair: float(pair[0]))
    }
    return {snr: (float(mixture), float(vocals)) for snr, (mixture, vocals) in means.items()}


def decoded(path: Path) -> np.ndarray:
    """A file as mono at 16 kHz, (n,)."""
    return audio.concatenated(audio.decode_mono(path, STEM_RATE))
