"""A small corpus as the export stage leaves it, with what makes layouts stumble, and the formats stage run on it."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import metadata, tables
from stages.formats import __main__ as formats
from stages.formats import layouts, splits
from stages.formats.passages import MICROS
from stages.formats.splits import TEST, VALIDATION, Shares

RATE = 22050
SHARES = Shares(0.2, 0.2, 3)
SPEAKERS = ["a", "a-b", "김 민수", "1089"]
SOURCES = ['odd "name", with\nnewline.mp3', "пример|pipe.ogg", *(f"show{i:02d}.mp3" for i in range(38))]
ALL = list(layouts.known())


def make_corpus(corpus: Path, with_texts: bool = False) -> list[dict]:
    """A corpus of 80 short clips of 40 recordings, as the export stage leaves it; its rows as layouts tell them.

    with_texts: those that a person wrote, for all clips in validation and some of the others.
    """
    (corpus / "wavs").mkdir(parents=True)
    random, rows = np.random.default_rng(0), []
    for number, source in enumerate(SOURCES):
        for part in range(2):
            samples = int(random.integers(2000, 9000))
            start, end = 1.5 + part, round(1.5 + part + samples / RATE, 3)
            name = f"r{number:06d}_{round(start * 1000):07d}_{round(end * 1000):07d}"
            soundfile.write(corpus / "wavs" / f"{name}.wav", random.uniform(-0.5, 0.5, samples), RATE, "PCM_16")
            rows.append(
                {
                    "clip": name,
                    "path": f"wavs/{name}.wav",
                    "recording": name[:7],
                    "source": source,
                    "sha256": hashlib.sha256(source.encode()).hexdigest(),
                    "start": start,
                    "end": end,
                    "duration": round(samples / RATE, 2),
                    "label": "male",
                    "speaker": SPEAKERS[number % 4],
                    "sample_rate": RATE,
                    "url": f"https://example.org/{number}",
                    "licence": "",
                    "title": "1984",
                    "snr_db": None if number % 5 == 0 else round(float(random.normal(20, 3)), 2),
                    "episode": number,
                }
            )
    places = {
        row["sha256"]: np.rint(
            [[MICROS * other["start"], MICROS * other["end"]] for other in rows if other["sha256"] == row["sha256"]]
        ).astype(int)
        for row in rows
    }
    split_of = {sha256: passages[0][1] for sha256, passages in splits.divide(places, SHARES, {}).items()}
    for row in rows:  # a loader that guesses types finds no licence at all in the test split
        row["licence"] = "" if split_of[row["sha256"]] == TEST else "CC BY 4.0"
    tables.write(corpus / "clips.csv", list(rows[0]), rows)
    rejects = [{"id": "r000000_d000000", "stage": "slice", "reason": "music", "start": 0.0, "end": 1.5}]
    tables.write(corpus / "rejects.csv", list(rejects[0]), rejects)
    (corpus / "statistics.json").write_text(json.dumps({"input": {"recordings": 40, "seconds": 3600.0}}))
    (corpus / ".voxsieve").touch()
    rows = [row | {"split": split_of[row["sha256"]]} for row in rows]
    return write_texts(corpus, rows) if with_texts else rows


def write_texts(corpus: Path, rows: list[dict]) -> list[dict]:
    """Texts into metadata.csv, and into the rows."""
    with open(corpus / metadata.METADATA, "w", encoding="utf-8") as lines:
        for number, row in enumerate(rows):
            text = normalized = ""
            if row["split"] == VALIDATION or number % 3 == 0:
                text = f'={number} "Wörter",\u00a0ja'
                normalized = f"gleich {number} Wörter ja" if number % 2 else ""
            lines.write(f"{row['clip']}|{text}|{normalized}\n")
            row |= {"text": text, "text_normalized": normalized}
    return [{name: value for name, value in row.items() if name != "split"} | {"split": row["split"]} for row in rows]


def run(corpus: Path, *wanted: str, shares: Shares = SHARES, described: str = "{}") -> None:
    """The formats stage, in this process, with the layouts that are wanted."""
    flags = [f"--work={corpus.parent / 'work'}", f"--corpus-dir={corpus}", f"--exports={json.dumps(wanted)}"]
    flags += [f"--split={{validation: {shares.validation}, test: {shares.test}}}", f"--seed={shares.seed}"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["formats", *flags, f"--described={described}"])
        formats.main()
