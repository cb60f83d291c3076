"""LJSpeech's layout: wavs/ and metadata.csv with `id|text|normalized text`, no header, no quotes.

Texts that are not known are empty, for a person to fill in: what is written into metadata.csv is taken up when the
layout is written again. train.csv, validation.csv and test.csv are metadata.csv by split; clips.csv beside them has
what the layout has no place for. The WAVs are hard links. Source: README of LJSpeech 1.1 (Keith Ito, 2017).
"""

from pathlib import Path

from pipeline import metadata, tables
from pipeline.corpus import link_or_copy
from stages.formats.clips import TEXTS, Clips

HELP = "wavs and metadata.csv with texts to fill in"
NEEDS = ()
LOADING = "`ljspeech/`: LJSpeech's layout; texts that are not known are empty."


def line(row: dict) -> str:
    """A clip's line of metadata.csv."""
    return "|".join([row["clip"], *(row.get(name, "") for name in TEXTS)]) + "\n"


def write(clips: Clips, out: Path) -> None:
    """Write the layout to the folder `out`."""
    (out / "wavs").mkdir()
    for row in clips.rows():
        link_or_copy(clips.wav(row), out / "wavs" / f"{row['clip']}.wav")
    listings = {metadata.METADATA: (), metadata.WRITTEN: ()} | {f"{split}.csv": (split,) for split in clips.splits}
    for name, splits in listings.items():
        with open(out / name, "w", encoding="utf-8", newline="") as lines:
            lines.writelines(map(line, clips.rows(*splits)))
    tables.write(out / "clips.csv", [name for name in clips.columns if name not in TEXTS], clips.rows())
