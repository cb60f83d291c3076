"""Kaldi's data folders, one per split: wav.scp, utt2spk, spk2utt, utt2dur, reco2dur.

A clip is a file of its own, so there is no `segments` and an utterance is its own recording. `text` is left out, as
there are no transcripts: `utils/validate_data_dir.sh --no-text --no-feats` passes. Paths are relative to the corpus
folder, from which Kaldi is to be run. clips.csv has the provenance and the speakers' names as they are.
Kaldi wants every file sorted as in the C locale, utt2spk by speaker too. Source: that script, and
"Data preparation" in Kaldi's documentation.
"""

import re
from itertools import groupby
from pathlib import Path

from stages.formats.clips import Clips, write_csv

LOADING = "`kaldi/`: a data folder per split without `text`, paths relative to this folder."


def speaker_id(name: str) -> str:
    """A speaker's name as Kaldi can take it: letters, digits, "_" and "." stay, other bytes become ~ and hex.

    None of these sorts before "-", which divides speaker and clip: with that, utterances in order are speakers in order
    even where a name begins with another one.
    """
    return re.sub(rb"[^A-Za-z0-9_.]", lambda byte: b"~%02x" % ord(byte[0]), name.encode()).decode()


def utterance_id(row: dict) -> str:
    """A clip's id: its speaker's, then its own."""
    return f"{speaker_id(row['speaker'])}-{row['clip']}"


def data_folder(clips: Clips, split: str, out: Path) -> None:
    """Write one split's data folder. Its ids are held in memory to be sorted: a few hundred bytes a clip."""
    utterances = sorted(
        (utterance_id(row), speaker_id(row["speaker"]), row["path"], clips.samples(row) / row["sample_rate"])
        for row in clips.rows(split)
    )
    by_speaker = groupby(utterances, key=lambda one: one[1])
    contents = {
        "wav.scp": (f"{name} {path}\n" for name, _, path, _ in utterances),
        "utt2spk": (f"{name} {speaker}\n" for name, speaker, _, _ in utterances),
        "spk2utt": (f"{speaker} {' '.join(one[0] for one in group)}\n" for speaker, group in by_speaker),
        "utt2dur": (f"{name} {seconds:.6f}\n" for name, _, _, seconds in utterances),
        "reco2dur": (f"{name} {seconds:.6f}\n" for name, _, _, seconds in utterances),
    }
    for name, lines in contents.items():
        with open(out / name, "w", encoding="ascii", newline="") as file:
            file.writelines(lines)


def write(clips: Clips, out: Path) -> None:
    """Write train/, validation/ and test/, those that have clips, and clips.csv to the folder `out`."""
    for split in clips.splits:
        (out / split).mkdir()
        data_folder(clips, split, out / split)
    rows = ({"utterance": utterance_id(row)} | row for row in clips.rows())
    write_csv(out / "clips.csv", ["utterance", *clips.columns], rows)
