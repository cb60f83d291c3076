"""Decisions from the names of voices and clips: what the page and the commands have in common."""

import re
from collections.abc import Iterator
from pathlib import Path

from pipeline import decisions, manifest
from pipeline.decision import Decision
from pipeline.errors import ConfigError
from pipeline.rows import Clip
from review import voices


def on_voice(work: Path, folder: Path, who: str, voice: str, kind: str, value: str = "", name: str = "") -> Decision:
    """Decide on a voice of a work folder: kind "voice" with its speaker ("": nobody), or "two"."""
    return decisions.add(folder, who, kind, voices.places(work, voice), value, name=name)


def on_clip(
    work: Path, folder: Path, who: str, clip: str, kind: str, value: str = "", times: tuple = (), name: str = ""
) -> Decision:
    """Decide on a clip of a work folder. Raises ConfigError where there is none, or the times do not fit it."""
    row, following = find(work, clip)
    spans = [(row["start"], row["end"])]
    if kind == "join":
        if following is None:
            raise ConfigError(f"review: {clip} is the last clip of its recording: there is none to join it with.")
        spans.append((following["start"], following["end"]))
    if kind == "split" and not row["start"] < times[0] < row["end"]:
        raise ConfigError(
            f"review: {clip} can be split between {row['start']:.3f} and {row['end']:.3f} s, found {times[0]:g}."
        )
    if kind == "retime" and not (0 <= times[0] < times[1] and times[0] < row["end"] and times[1] > row["start"]):
        raise ConfigError(
            f"review: {clip} lies from {row['start']:.3f} to {row['end']:.3f} s; its new start and end must overlap "
            f"that, found {times[0]:g} and {times[1]:g}."
        )
    return decisions.add(folder, who, kind, {row["sha256"]: spans}, value, times, name)


def find(work: Path, clip: str) -> tuple[dict, dict | None]:
    """The row of a clip as it was cut, and of the next of its recording. Raises ConfigError where there is none."""
    row = None
    for other in _of_recording(work, clip.partition("_")[0]):
        if row:
            return row, other
        if other["id"] == clip:
            row = other
    if not row:
        raise ConfigError(f"review: there is no clip '{clip}' in {work}: voices.jsonl and clips.csv have their names.")
    return row, None


def _of_recording(work: Path, recording: str) -> Iterator[dict]:
    """The clips of a recording, in order."""
    if not re.fullmatch(r"r\d{6,}", recording):
        return
    mark = f'"{recording}"'
    for shard in manifest.shards(work):
        path = manifest.of_shard(work, "slice", shard)
        with open(path, encoding="utf-8") as text:
            if not any(mark in line for line in text):
                continue
        yield from (row for row in manifest.stream(path, Clip) if row["recording_id"] == recording)
