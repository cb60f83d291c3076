"""What the tests of the laboratory share: a few readers and noises, made of the demo; its environment's Python."""

import csv
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import audio
from tests.conftest import ROOT

RATE = 16000
READERS, NOISES = 4, 6


def laboratory(*words, check: bool = True, **options) -> subprocess.CompletedProcess:
    """A program of training/, run in the laboratory's environment."""
    python = os.environ.get("VOXSIEVE_ENV_LABORATORY")
    if not python:
        pytest.skip("VOXSIEVE_ENV_LABORATORY names no python with envs/laboratory.in: `make environments`")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [python, "-W", "ignore", "-m", *map(str, words)]
    answer = subprocess.run(command, capture_output=True, text=True, env=environment, **options)
    assert not check or answer.returncode == 0, answer.stderr[-3000:]
    return answer


@pytest.fixture(scope="session")
def sounds_table(tmp_path_factory, demo) -> Path:
    """A table of four "readers" (stretches of the demo) and six noises, of which one has no licence."""
    folder = tmp_path_factory.mktemp("sounds")
    whole = audio.concatenated(audio.decode_mono(demo / "harbour_noon.mp3", RATE))
    rng, rows = np.random.default_rng(0), []
    for number in range(READERS):
        start = round((7 + 3 * number) * RATE)
        soundfile.write(folder / f"reader{number}.wav", whole[start : start + 3 * RATE], RATE)
        rows.append((f"reader{number}.wav", "speech", f"r{number}", 0, "CC BY 4.0"))
    for number in range(NOISES):
        soundfile.write(folder / f"noise{number}.wav", 0.1 * rng.standard_normal(RATE * 2), RATE)
        rows.append((f"noise{number}.wav", "noise", "", int(number == 5), "none stated" if number == 4 else "CC0"))
    with open(folder / "sounds.csv", "w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("path", "kind", "speaker", "also_in_dev", "licence"))
        writer.writerows(rows)
    return folder / "sounds.csv"


@pytest.fixture(scope="session")
def tiny(sounds_table) -> list[str]:
    """Flags for a training of seconds."""
    words = f"--sounds {sounds_table} --noises recorded --rooms 2 --seconds 1 --validation-share 0.3 --maps 4"
    words += " --epochs 2 --steps 6 --batch 2 --save-every 2 --validation-examples 4 --threads 1 --device cpu"
    return [*words.split(), "--learning-rate", "0.002", "--dropout", "0.1", "--track", "none"]
