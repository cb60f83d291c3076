"""LJSpeech's layout: wavs/ and metadata.csv with `id|text|normalized text`, no header, no quotes.

The clips have no transcripts, so both texts are empty, for a transcriber to fill in. train.csv, validation.csv and
test.csv are metadata.csv by split; clips.csv beside them has what the layout has no place for. The WAVs
are hard links. Source: README of LJSpeech 1.1 (Keith Ito, 2017).
"""

from pathlib import Path

from pipeline.corpus import link_or_copy
from stages.formats.clips import Clips, write_csv

LOADING = "`ljspeech/`: LJSpeech's layout; texts that are not known are empty."


def line(row: dict) -> str:
    """A clip's line of metadata.csv."""
    return f"{row['clip']}||\n"


def write(clips: Clips, out: Path) -> None:
    """Write the layout to the folder `out`."""
    (out / "wavs").mkdir()
    for row in clips.rows():
        link_or_copy(clips.wav(row), out / "wavs" / f"{row['clip']}.wav")
    for name, split in [("metadata", None), *((name, name) for name in clips.splits)]:
        with open(out / f"{name}.csv", "w", encoding="utf-8", newline="") as lines:
            lines.writelines(map(line, clips.rows(split)))
    write_csv(out / "clips.csv", clips.columns, clips.rows())
