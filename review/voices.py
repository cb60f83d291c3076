"""The voices of a work folder in the order in which to ask a person about them.

A decision on a voice is worth the seconds that it settles: those that the machine was unsure of in full, those that it
rejected by how near the voice is to a target, those that it was sure of by how far the voice is from it.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pipeline import manifest
from pipeline.decision import OF_VOICES, Decision, Places
from pipeline.errors import ConfigError, ManifestError
from pipeline.places import covered, gathered

COLUMNS = (
    "voice worth_seconds seconds confident_seconds uncertain_seconds clips gender target similarity decided typical"
).split()
NEAR = 0.7  # the similarity of a rejected voice at which its seconds would count in full
SETTLED = 0.5  # least share of a voice's seconds in a decision's places for the decision to be about it


def worth(row: dict) -> float:
    """The seconds that a decision on a voice settles, as told above."""
    rejected = row["seconds"] - row["confident_seconds"] - row["uncertain_seconds"]
    likeness = min(max(row["similarity"], 0.0), 1.0)
    doubted = rejected * min(likeness / NEAR, 1.0) ** 2 + row["confident_seconds"] * (1 - likeness)
    return round(row["uncertain_seconds"] + doubted, 2)


def table(work: Path) -> list[dict]:
    """The rows of speakers.csv. Raises ManifestError where the work folder has none, or an earlier version's."""
    kinds = {"voice": str, "seconds": float, "confident_seconds": float, "uncertain_seconds": float, "clips": int}
    kinds |= {"gender": str, "target": str, "similarity": float, "typical": str}
    path = work / "speaker" / "speakers.csv"
    try:
        with open(path, encoding="utf-8", newline="") as lines:
            return [{name: kind(row[name]) for name, kind in kinds.items()} for row in csv.DictReader(lines)]
    except (FileNotFoundError, KeyError, ValueError):
        raise ManifestError(f"{path} is not what the speaker stage writes: run snakemake, or check --work.") from None


def clips(work: Path) -> Iterator[dict]:
    """All clips that have a voice: id, sha256, start, end, voice, answer, speaker …"""
    return manifest.lines(work / "speaker" / "voices.jsonl")


def places(work: Path, voice: str) -> Places:
    """The places of a voice's clips. Raises ConfigError where there is no such voice."""
    if not (found := gathered(row for row in clips(work) if row["voice"] == voice)):
        known = [row["voice"] for row in table(work)]
        raise ConfigError(
            f"review: there is no voice '{voice}' in {work}: it has {', '.join(known[:8])}{' …' * (len(known) > 8)}."
        )
    return found


def taken_up(work: Path) -> set[str]:
    """The ids of the decisions that the speaker stage has taken up."""
    try:
        return set(json.loads((work / "speaker" / "told.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return set()


def answers(work: Path, holding: Iterable[Decision]) -> dict[str, Decision]:
    """voice -> the latest decision about it. That it is two counts only until the voices are found anew."""
    known = taken_up(work)
    asked = [line for line in holding if line.kind in OF_VOICES and not (line.kind == "two" and line.id in known)]
    if not asked:
        return {}
    wanted = {sha256 for line in asked for sha256 in line.places}
    spans: dict[str, dict[str, list]] = {}  # voice -> recording -> places
    seconds: dict[str, float] = {}
    for row in clips(work):
        seconds[row["voice"]] = seconds.get(row["voice"], 0.0) + row["end"] - row["start"]
        if row["sha256"] in wanted:
            of_voice = spans.setdefault(row["voice"], {})
            of_voice.setdefault(row["sha256"], []).append((row["start"], row["end"]))
    latest: dict[str, Decision] = {}
    for line in asked:
        for voice, recordings in spans.items():
            inside = 0.0
            for sha256 in recordings.keys() & line.places.keys():
                start, end = np.array(recordings[sha256]).T
                inside += float(covered(line.places[sha256], start, end).sum())
            if inside >= SETTLED * seconds[voice]:
                latest[voice] = line
    return latest


def said(decision: Decision | None) -> str:
    """A decision about a voice in words."""
    if not decision:
        return ""
    return "two people" if decision.kind == "two" else decision.value or "nobody who is wanted"


def listed(work: Path, holding: Iterable[Decision]) -> list[dict]:
    """The voices with COLUMNS: those that nobody was asked about by what they are worth, then the others."""
    decided = answers(work, holding)
    rows = [row | {"worth_seconds": worth(row), "decided": said(decided.get(row["voice"]))} for row in table(work)]
    return sorted(rows, key=lambda row: (row["decided"] != "", -row["worth_seconds"], row["voice"]))
