"""whisper and pocketsphinx themselves, in their environment: their real loading and decoding code on real speech."""

import csv
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from pipeline import ffmpeg

PYTHON = os.environ.get("VOXSIEVE_ENV_RECOGNIZERS")
HERE = Path(__file__).parent
RATE = 16000
pytestmark = pytest.mark.skipif(not PYTHON, reason="VOXSIEVE_ENV_RECOGNIZERS names no python")


def run(script: str, *arguments) -> str:
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    command = [PYTHON, HERE / script, *map(str, arguments)]
    answer = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert answer.returncode == 0, answer.stderr[-3000:]
    return answer.stdout


@pytest.fixture(scope="module")
def speech(demo) -> np.ndarray:
    """12 s of the demo."""
    command = [ffmpeg.find("ffmpeg"), "-v", "error", "-ss", "6.5", "-t", "12", "-i", demo / "harbour_noon.mp3"]
    command += ["-f", "f32le", "-ac", "1", "-ar", str(RATE), "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whisper") / "tiny"
    run("tiny_whisper.py", folder)
    return folder


@pytest.fixture
def hear(tmp_path, model):
    """What a recogniser hears in clips, with settings, from a folder (else the tiny model's)."""

    def ask(name: str, clips: dict, folder: Path = model, threads: int = 1, **settings):
        np.savez(tmp_path / "clips.npz", **clips)
        settings = {"device": "cpu", "beam": 2} | settings if name == "whisper" else settings
        return json.loads(run("hear_locally.py", name, folder, json.dumps(settings), tmp_path / "clips.npz", threads))

    return ask


def test_whisper_loads_a_folder_and_decodes(hear, speech):
    clips = {"a": speech, "b": speech[: 3 * RATE], "long": np.tile(speech, 3), "none": speech[:0], "blip": speech[:80]}
    heard = hear("whisper", clips, language="en")
    assert list(heard) == list(clips)
    for name in ("a", "b", "long"):
        found, seconds = heard[name], len(clips[name]) / RATE
        assert found["text"] and found["language"] == "en" and found["log_probability"] < 0
        assert 0 <= found["no_speech"] <= 1
        assert "".join(word["text"] for word in found["words"]) == found["text"].replace(" ", "")
        assert all(0 <= word["start"] <= word["end"] <= seconds + 0.5 for word in found["words"])
        assert all(0 <= word["probability"] <= 1 for word in found["words"])
    assert heard["none"]["text"] == ""
    alone = hear("whisper", {"b": clips["b"]}, language="en")
    assert alone["b"] == heard["b"]  # nothing is carried over from the clips before


def test_whisper_tells_the_language_where_none_is_given(hear, speech):
    heard = hear("whisper", {"a": speech}, compute_type="int8")
    assert len(heard["a"]["language"]) in (2, 3)


def _without(name: str):
    return lambda folder: (folder / name).unlink()


def _write(name: str, text: str):
    return lambda folder: (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (_without("tokenizer.json"), "tokenizer.json is missing"),
        (_without("model.bin"), "model.bin is missing"),
        (_without("vocabulary.json"), "cannot be loaded"),
        (_write("model.bin", "This is no model."), "cannot be loaded"),
        (_write("config.json", "{"), "cannot be loaded"),
        (_write("tokenizer.json", "[]"), "cannot be loaded"),
        (_write("preprocessor_config.json", '{"feature_size": 128}'), "128"),
        (_write("preprocessor_config.json", "[]"), "cannot be loaded"),
    ],
)
def test_a_folder_that_is_incompatible_is_one_sentence(hear, model, tmp_path, speech, break_it, told):
    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    break_it(folder)
    sentence = hear("whisper", {"a": speech[:RATE]}, folder)
    assert isinstance(sentence, str) and told in sentence and str(folder) in sentence and "\n" not in sentence


def test_a_language_that_the_model_does_not_know_is_one_sentence(hear, speech):
    assert "does not know the language qqq" in hear("whisper", {"a": speech[:RATE]}, language="qqq")


def test_pocketsphinx_hears_words_with_times(hear, speech):
    clips = {"a": speech, "none": speech[:0], "blip": speech[:80], "silence": np.zeros(RATE, np.float32)}
    heard = hear("pocketsphinx", clips)
    words = heard["a"]["words"]
    assert " ".join(word["text"] for word in words) == heard["a"]["text"] and len(words) > 5
    assert all(word["text"].isascii() and "(" not in word["text"] and "<" not in word["text"] for word in words)
    ends = [time for word in words for time in (word["start"], word["end"])]
    assert ends == sorted(ends) and ends[-1] <= 12.1
    assert heard["a"]["language"] == "en" and heard["a"]["log_probability"] <= 0
    assert [heard[name]["text"] for name in ("none", "blip", "silence")] == ["", "", ""]


def test_what_pocketsphinx_hears_does_not_depend_on_what_it_heard_before(hear, speech):
    parts = {str(at): speech[at * 2 * RATE : (at + 1) * 2 * RATE] for at in range(3)}
    forwards, backwards = hear("pocketsphinx", parts), hear("pocketsphinx", dict(reversed(parts.items())), threads=2)
    assert forwards == {name: backwards[name] for name in parts}


def test_decoders_end_with_a_killed_program():
    program = """
import time, numpy as np
from engines.recognizers.pocketsphinx import Recognizer
from engines.recognizers.settings import SphinxSettings
recognizer = Recognizer(SphinxSettings(), 1)
dict(recognizer.recognize([("a", np.zeros(16000, np.float32))]))
print(*recognizer.pool._processes, flush=True)
time.sleep(60)
"""
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    with subprocess.Popen([PYTHON, "-c", program], stdout=subprocess.PIPE, text=True, env=environment) as killed:
        decoder = int(killed.stdout.readline())
        assert Path(f"/proc/{decoder}").exists()
        killed.kill()
    deadline = time.monotonic() + 30
    while _runs(decoder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _runs(decoder)


def _runs(process: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


def test_pocketsphinx_on_the_english_host(hear, data):
    """Two clean utterances of a known text."""
    with open(data / "radio" / "texts.csv", encoding="utf-8") as table:
        texts = {row["source"]: row["text"] for row in csv.DictReader(table)}
    with open(data / "radio" / "dev04.csv", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["source"] == "ljspeech/LJ001-0005"]
    sound, rate = soundfile.read(data / "radio" / "dev04.ogg", dtype="float32")
    start, end = float(rows[0]["start"]), float(rows[-1]["end"])
    clip = soxr.resample(sound[int(start * rate) : int(end * rate)].mean(axis=1), rate, RATE)
    heard = hear("pocketsphinx", {"a": clip})["a"]["text"].split()
    truth = texts["ljspeech/LJ001-0005"].lower().rstrip(".").split()
    assert sum(word in truth for word in heard) / len(heard) > 0.7
