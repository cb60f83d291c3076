"""Training: a killed run ends as an undisturbed one, what is exported says what the network says, flags are checked."""

import csv
import json
import os
import signal
import subprocess
import time

import numpy as np
import pytest

from engines.enhancers.model import Model
from pipeline.errors import ModelError
from tests.conftest import ROOT
from tests.training.conftest import laboratory
from training.gate import Gate

TASKS = {"denoise": ("masker", "unet", "resunet"), "gate": ("lstm", "logistic"), "denoise_mel": ("lstm", "linear")}
SAME = """
import sys, torch
one, two = (torch.load(path, weights_only=True) for path in sys.argv[1:])
assert one.keys() == two.keys()
print(max(float((one[name].double() - two[name].double()).abs().max()) for name in one))
"""
HEARD = """
import sys, numpy as np
from pathlib import Path
from training import export
from training.tasks import denoise
_, network, _ = export.load(Path(sys.argv[1]))
noisy = np.load(sys.argv[2])
np.save(sys.argv[3], denoise.cleaned(network, noisy))
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny):
    out = tmp_path_factory.mktemp("runs")
    laboratory("training.train", "denoise", *tiny, "--out", out, "--name", "whole", "--track", "tensorboard")
    assert list((out / "whole/tensorboard").glob("events.out.*"))
    return out


def test_killed_and_resumed_gives_the_same_weights(undisturbed, tiny, tmp_path):
    words = ["training.train", "denoise", *tiny, "--out", tmp_path, "--name", "killed"]
    python = os.environ["VOXSIEVE_ENV_LABORATORY"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [python, "-W", "ignore", "-m", *map(str, words)], env=environment, stderr=subprocess.PIPE
    )
    checkpoint = tmp_path / "killed/checkpoint.pt"
    limit = time.monotonic() + 120
    while not checkpoint.is_file() and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert checkpoint.is_file()
    resumed = laboratory(*words)
    assert "going on at step" in resumed.stderr
    weights = [undisturbed / "whole/best.pt", tmp_path / "killed/best.pt"]
    answer = subprocess.run([python, "-c", SAME, *weights], capture_output=True, text=True, check=True)
    assert float(answer.stdout) == 0
    logs = [(folder / "log.jsonl").read_text() for folder in (undisturbed / "whole", tmp_path / "killed")]
    assert logs[0] == logs[1] and len(logs[0].splitlines()) == 2


def test_an_exported_model_says_what_the_network_says(undisturbed, tmp_path):
    laboratory("training.export", undisturbed / "whole", tmp_path / "tiny.onnx")
    card = json.loads((tmp_path / "tiny.json").read_text())
    assert card["task"] == "denoise" and card["data"]["train"]["readers"] + card["data"]["val"]["readers"] == 4
    assert card["sha256"] in (tmp_path / "tiny.sha256").read_text() and card["bytes"] < 4e6
    noisy = 0.1 * np.random.default_rng(0).standard_normal(20_000).astype(np.float32)
    np.save(tmp_path / "noisy.npy", noisy)
    python = os.environ["VOXSIEVE_ENV_LABORATORY"]
    words = [undisturbed / "whole", tmp_path / "noisy.npy", tmp_path / "torch.npy"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([python, "-c", HEARD, *map(str, words)], env=environment, check=True)
    model = Model(tmp_path / "tiny.onnx", 1)
    np.testing.assert_allclose(model.enhance(noisy), np.load(tmp_path / "torch.npy"), atol=1e-5)
    magnitude = np.abs(np.random.default_rng(1).standard_normal((101, 257))).astype(np.float32)
    whole = np.concatenate(list(model.masks([magnitude])))
    pieces = np.concatenate(list(model.masks(magnitude[at : at + 7] for at in range(0, 101, 7))))
    np.testing.assert_allclose(pieces, whole, atol=1e-5)


def test_every_network_trains_and_is_exported(tiny, tmp_path):
    """In one process, since loading torch takes longest."""
    flags = [*tiny, "--epochs", "1", "--steps", "2"]
    laboratory("tests.training.every_network", tmp_path, *flags)
    for task, networks in TASKS.items():
        for network in networks:
            (line,) = (tmp_path / f"{task}-{network}/log.jsonl").read_text().splitlines()
            assert np.isfinite(json.loads(line)["train_loss"])
    for network in TASKS["denoise"]:
        sound = np.zeros(9000, np.float32)
        assert len(Model(tmp_path / f"denoise-{network}.onnx", 1).enhance(sound)) == 9000
    for network in TASKS["gate"]:
        for samples in (160, 9000, 50_000):  # any length, from 10 ms on
            answer = Gate(tmp_path / f"gate-{network}.onnx").listen(np.full(samples, 0.1, np.float32))
            assert 0 <= answer.noisy <= 1 and np.isfinite([answer.snr_db, answer.c50_db]).all()
    with pytest.raises(ModelError, match="is no gate for 16000 Hz"):
        Gate(tmp_path / "denoise-masker.onnx")


def test_a_flag_that_cannot_be_is_one_sentence(tiny, tmp_path):
    wrong = [
        (["--network", "huge"], "The task denoise has no network 'huge', only: masker, unet, resunet"),
        (["--initial", "/no.pt"], "initial: /no.pt does not exist"),
    ]
    for flags, sentence in wrong:
        answer = laboratory("training.train", "denoise", *tiny, *flags, "--out", tmp_path, check=False)
        assert answer.returncode == 1 and "Traceback" not in answer.stderr
        assert sentence in answer.stderr.splitlines()[-1]


def test_a_sweep_goes_on_with_its_study(tiny, tmp_path):
    words = [*tiny, "--out", tmp_path, "--epochs", "1", "--steps", "1", "--network", "linear"]
    for trials in (1, 2):
        said = laboratory("training.sweep", "denoise_mel", "--trials", trials, *words).stdout
        with open(tmp_path / "sweep-denoise_mel.csv", newline="") as opened:
            assert len(list(csv.DictReader(opened))) == trials
        assert "best: " in said


def test_another_run_in_the_same_folder_is_refused(undisturbed, tiny):
    words = [*tiny, "--out", undisturbed, "--name", "whole", "--learning-rate", "0.1"]
    answer = laboratory("training.train", "denoise", *words, check=False)
    assert answer.returncode == 1 and "another learning_rate: give this one a --name" in answer.stderr
