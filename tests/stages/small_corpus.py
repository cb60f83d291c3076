"""A small corpus as the export stage leaves it, with what makes exports stumble, and the stage run on it."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stages import formats
from stages.formats.splits import TEST, Splits

RATE = 22050
SHARES = ["--validation=0.2", "--test=0.2", "--seed=3"]
SPLITS = Splits(0.2, 0.2, 3)
SPEAKERS = ["a", "a-b", "김 민수", "1089"]
SOURCES = ['odd "name", with\nnewline.mp3', "пример|pipe.ogg", *(f"show{i:02d}.mp3" for i in range(38))]


def make_corpus(corpus: Path) -> list[dict]:
    """A corpus of 80 short clips of 40 recordings, as the export stage leaves it; its rows as clips.csv tells them."""
    (corpus / "wavs").mkdir(parents=True)
    random, rows = np.random.default_rng(0), []
    for number, source in enumerate(SOURCES):
        for part in range(2):
            name = f"r{number:06d}_{part:06d}"
            samples = int(random.integers(2000, 9000))
            soundfile.write(corpus / "wavs" / f"{name}.wav", random.uniform(-0.5, 0.5, samples), RATE, "PCM_16")
            rows.append(
                {
                    "clip": name,
                    "path": f"wavs/{name}.wav",
                    "recording": name[:7],
                    "source": source,
                    "start": 1.5 + part,
                    "end": round(1.5 + part + samples / RATE, 3),
                    "duration": round(samples / RATE, 2),
                    "label": "male",
                    "speaker": SPEAKERS[number % 4],
                    "sample_rate": RATE,
                    "url": f"https://example.org/{number}",
                    # A loader that guesses types finds no text at all here in the test split.
                    "licence": "" if SPLITS.of(source) == TEST else "CC BY 4.0",
                    "title": "1984",
                    "snr_db": None if number % 5 == 0 else round(float(random.normal(20, 3)), 2),
                    "episode": number,
                }
            )
    with open(corpus / "clips.csv", "w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    (corpus / "statistics.json").write_text(json.dumps({"input": {"recordings": 40, "seconds": 3600.0}}))
    (corpus / ".voxsieve").touch()
    return [row | {"split": SPLITS.of(row["source"])} for row in rows]


def run(corpus: Path, *flags: str) -> None:
    """The formats stage, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["formats", f"--corpus={corpus}", *SHARES, *flags])
        formats.main()
