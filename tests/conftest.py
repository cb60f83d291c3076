"""What the tests share: where the data lies, where the original packages' environments are, small recordings."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import settings

from install import environments
from pipeline import config, ffmpeg, flags, registry, rows
from pipeline.program import Job

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"

settings.register_profile("voxsieve", deadline=None)  # a busy machine is no fault of what is tested
settings.load_profile("voxsieve")

# What runs in an environment of its own is tested where `make environments` has made them, else skipped by name.
for name in ("spleeter", "ina", "resemblyzer", "crawl", "consumers", "laboratory"):
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


ROW = {
    "schema": rows.SCHEMA,
    "parent_id": None,
    "source": "a.wav",
    "path": "a.wav",
    "start": 0.0,
    "end": 1.0,
    "sha256": "0" * 64,
    "codec": "pcm_s16le",
    "sample_rate": 44100,
    "channels": 1,
    "peak": 0.5,
    "downmix": [[0.0, "mean"]],
    "mixture": "a.wav",
    "gain": 1.0,
    "vocals": "a.flac",
    "label_seconds": {"male": 1.0},
    "label": "male",
    "sections": [],
    "zero_phase": True,
    "lufs": -23.0,
    "true_peak_dbtp": -6.0,
    "embeddings": "embed/s0000/r000000.npz",
    "embedding": 0,
    "voiced_seconds": 1.0,
    "speaker": "voice1",
    "similarity": 0.9,
    "fingerprints": "score/s0000/r000000.npz",
    "fingerprint": 0,
    "stage": "slice",
    "reason": "music",
    "message": "Music.",
}
OF_CLIPS = (rows.Clip, rows.FilteredClip, rows.NormalizedClip, rows.WantedClip, rows.Embedded, rows.Scored)


def row(kind: type, **fields) -> dict:
    """A row of a kind with defaults; of a clip the id tells its place, as slice gives it, where none is given."""
    told = {name: value for name, value in ROW.items() if name in kind.__required_keys__} | fields
    start, end = fields.get("start", 0.0), fields.get("end", 1.0)
    recording = fields.get("recording_id") or fields.get("id", "r000000").partition("_")[0]
    name = rows.clip_id(recording, start, end) if kind in OF_CLIPS else recording
    told = {"id": name, "recording_id": recording} | told
    if "duration" in kind.__required_keys__:
        told = {"duration": round(end - start, 6)} | told
    return rows.check(told, kind, "test")


def job(stage: str, work: Path, shard: str = "s0000", **settings) -> Job:
    """A stage's job as its program makes one, with settings checked as its flags are; for the corpus shard is ""."""
    shard = shard if registry.stages()[stage].unit == "shard" else ""
    return Job(stage, config.checked(flags.model(stage), settings, stage), work, shard, argparse.Namespace())


def program(module: str, *arguments, check: bool = True) -> subprocess.CompletedProcess:
    """A program of the project, run as a person runs it."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    answer = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert not check or answer.returncode == 0, answer.stderr[-5000:]
    return answer
