"""What the tests share: where the data lies, where the original packages' environments are, small recordings."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from install import environments
from pipeline import ffmpeg

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"

# What runs in an environment of its own is tested where `make environments` has made them, else skipped by name.
for name in ("spleeter", "ina", "resemblyzer", "crawl", "consumers"):
    if environments.ready(name):
        os.environ.setdefault(f"VOXSIEVE_ENV_{name.upper()}", str(environments.python(name)))
os.environ["PATH"] += os.pathsep + str(Path(ffmpeg.find("ffmpeg")).parent)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of development recordings."""
    if not DATA.is_dir():
        pytest.skip(f"the development recordings are not in {DATA}")
    return DATA


@pytest.fixture(scope="session")
def demo() -> Path:
    """The demo recordings."""
    return ROOT / "examples"


@pytest.fixture(scope="session")
def short_speech(tmp_path_factory, demo) -> Path:
    """A folder with 14 s of the demo (two voices), a second name of the same bytes, and a broken recording."""
    folder = tmp_path_factory.mktemp("short") / "input"
    folder.mkdir()
    whole = demo / "harbour_noon.mp3"
    command = [ffmpeg.find("ffmpeg"), "-v", "error", "-ss", "6.5", "-t", "14", "-i", whole]
    subprocess.run([*command, "-c:a", "pcm_s16le", folder / "talk.wav"], check=True)
    (folder / "same as talk.wav").write_bytes((folder / "talk.wav").read_bytes())
    (folder / "text.mp3").write_text("This is no sound.\n" * 50)
    return folder


@pytest.fixture
def wav(tmp_path):
    """Write a signal (n,) or (n, channels) as a WAV and give its path."""

    def write(name: str, signal: np.ndarray, rate: int = 44100) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, signal, rate, "FLOAT")
        return path

    return write


def row(**fields) -> dict:
    """A manifest row with defaults."""
    base = {"schema": 1, "id": "r000000", "recording_id": "r000000", "parent_id": None, "source": "a.wav"}
    base |= {"path": "a.wav", "start": 0.0, "end": 1.0, "sample_rate": 44100, "channels": 1, "duration": 1.0}
    return base | {"downmix": "mean"} | fields
