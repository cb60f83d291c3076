"""Folders of WAVs by speaker and tone: tones/anna_angry/*.wav, and clips.csv, which names the folder of each.

A clip without a tone, or in one that its speaker has too little of (tone.min_hours), lies in the folder of its speaker.
The WAVs are hard links.
"""

import re
from pathlib import Path

from pipeline import tables
from pipeline.corpus import link_or_copy
from stages.formats.clips import Clips

UNSAFE = re.compile(r"[/\\]|^\.+")  # what no folder may be called
HELP = "a folder per speaker and tone, anna_angry"
NEEDS = ("speaker",)
LOADING = "`tones/`: a folder per speaker and tone; clips.csv has `file_name`, relative to it."


def write(clips: Clips, out: Path) -> None:
    """Write the folders and clips.csv to the folder `out`."""

    def linked(row: dict) -> dict:
        folder = out / UNSAFE.sub("_", clips.part(row))
        folder.mkdir(exist_ok=True)
        link_or_copy(clips.wav(row), folder / f"{row['clip']}.wav")
        return {"file_name": f"{folder.name}/{row['clip']}.wav"} | row

    tables.write(out / "clips.csv", ["file_name", *clips.columns], map(linked, clips.rows()))
