"""Kaldi's data folders, one per split: wav.scp, utt2spk, spk2utt, utt2dur, reco2dur, and text where it is whole.

A clip is a file of its own, so there is no `segments` and an utterance is its own recording. Paths are relative to the
corpus folder, from which Kaldi is to be run. clips.csv has the provenance, the speakers' names as they are, and all
texts. Kaldi wants every file sorted as in the C locale, utt2spk by speaker too.

`text` has the normalized text, where there is none the text as written, with single spaces. validate_data_dir.sh wants
it to list the very utterances that utt2spk lists, so it is written for a split where every clip has a text; otherwise
it is left out and `utils/validate_data_dir.sh --no-text --no-feats` passes. Source: that script, validate_text.pl, and
"Data preparation" in Kaldi's documentation.
"""

import re
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from pipeline import tables
from stages.formats.clips import Clips

HELP = "a data folder per split"
NEEDS = ("speaker", "sample_rate")
LOADING = "`kaldi/`: a data folder per split, `text` where all its clips have one, paths relative to this folder."


class Utterance(NamedTuple):
    """A clip as Kaldi names things."""

    id: str
    speaker: str
    path: str
    seconds: float
    text: str


def speaker_id(name: str) -> str:
    """A speaker's name as Kaldi can take it: letters, digits, "_" and "." stay, other bytes become ~ and hex.

    None of these sorts before "-", which divides speaker and clip: with that, utterances in order are speakers in order
    even where a name begins with another one.
    """
    return re.sub(rb"[^A-Za-z0-9_.]", lambda byte: b"~%02x" % ord(byte[0]), name.encode()).decode()


def utterance_id(row: dict) -> str:
    """A clip's id: its speaker's, then its own."""
    return f"{speaker_id(row['speaker'])}-{row['clip']}"


def transcript(row: dict) -> str:
    """The clip's text without other white space than single spaces, as validate_text.pl wants it; "" without one."""
    return " ".join((row.get("text_normalized") or row.get("text", "")).split())


def data_folder(clips: Clips, split: str, out: Path) -> None:
    """Write one split's data folder. Its utterances are held in memory to be sorted: a few hundred bytes each."""
    utterances = sorted(
        Utterance(
            utterance_id(row),
            speaker_id(row["speaker"]),
            row["path"],
            clips.samples(row) / row["sample_rate"],
            transcript(row),
        )
        for row in clips.rows(split)
    )
    durations = [f"{clip.id} {clip.seconds:.6f}\n" for clip in utterances]
    by_speaker = groupby(utterances, key=itemgetter(1))
    contents = {
        "wav.scp": (f"{clip.id} {clip.path}\n" for clip in utterances),
        "utt2spk": (f"{clip.id} {clip.speaker}\n" for clip in utterances),
        "spk2utt": (f"{speaker} {' '.join(clip.id for clip in theirs)}\n" for speaker, theirs in by_speaker),
        "utt2dur": durations,
        "reco2dur": durations,
    }
    if all(clip.text for clip in utterances):
        contents["text"] = (f"{clip.id} {clip.text}\n" for clip in utterances)
    for name, lines in contents.items():
        with open(out / name, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)


def write(clips: Clips, out: Path) -> None:
    """Write train/, validation/ and test/, those that have clips, and clips.csv to the folder `out`."""
    for split in clips.splits:
        (out / split).mkdir()
        data_folder(clips, split, out / split)
    rows = ({"utterance": utterance_id(row)} | row for row in clips.rows())
    tables.write(out / "clips.csv", ["utterance", *clips.columns], rows)
