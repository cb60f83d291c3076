"""Evaluation against numbers known beforehand, and hearing a method on files."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from tests.conftest import program
from tests.training.conftest import laboratory
from training import evaluate, intervals, metrics

RATE = 16000


@given(st.integers(0, 2**32 - 1), st.floats(-20, 40), st.floats(0.01, 10))
def test_si_sdr_is_the_ratio_of_orthogonal_parts_whatever_the_scale(seed, ratio_db, scale):
    rng = np.random.default_rng(seed)
    clean, noise = (rng.standard_normal(4000) for _ in range(2))
    clean, noise = clean - clean.mean(), noise - noise.mean()
    noise -= clean * np.dot(clean, noise) / np.dot(clean, clean)
    noise *= np.linalg.norm(clean) / np.linalg.norm(noise) / 10 ** (ratio_db / 20)
    assert metrics.si_sdr(clean, scale * (clean + noise)) == pytest.approx(ratio_db, abs=0.01)
    assert np.isnan(metrics.si_sdr(np.zeros(100), clean[:100]))


def test_iou_of_masks():
    noise = np.zeros((10, 8))
    noise[:5] = 1
    assert metrics.mask_iou(noise, noise) == 1
    shifted = np.roll(noise, 5, axis=0)
    assert metrics.mask_iou(noise, shifted) == 0
    assert metrics.mask_iou(noise, np.ones((10, 8))) == 0.5


def test_intervals_hold_the_mean_of_what_is_known():
    mean, half = intervals.mean_and_half([1.0, 2.0, 3.0, float("nan")])
    assert mean == 2 and half == pytest.approx(4.303 / np.sqrt(3), abs=1e-3)  # Student's t, two degrees of freedom
    assert intervals.told([float("nan")]) == "-" and intervals.told([2.0]) == "2.00"


def test_harm_counts_clean_clips_that_got_worse():
    def scored(name, method, pesq, likeness):
        return {"id": name, "kind": "clean", "snr_db": "", "method": method, "pesq": pesq, "likeness": likeness}

    rows = [scored(name, "noisy", 4.64, 1.0) for name in "abcd"]
    rows += [scored("a", "x", 4.6, 0.99), scored("b", "x", 4.4, 1.0), scored("c", "x", 4.64, 0.97)]
    rows += [scored("d", "x", 4.55, 0.985)]
    assert evaluate.harm(rows) == {"noisy": 0.0, "x": 0.5}


def test_a_table_of_pairs_that_is_none_is_one_sentence(tmp_path):
    (tmp_path / "pairs.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match="expected the columns degraded and clean, found a, b"):
        evaluate.of_table(tmp_path / "pairs.csv")
    with pytest.raises(ConfigError, match="has no val/pairs.csv"):
        evaluate.of_folder(tmp_path)


def test_the_laboratory_measures_a_mixed_folder(sounds_table, tmp_path):
    """Noisier is worse by every measure that has a clean reference."""
    words = [f"--sounds={sounds_table}", "--noises=recorded", "--rooms=0", "--seconds=2", "--validation-share=0.3"]
    words += ["--clean-share=0", "--band-share=0", "--codec-share=0", "--snr-db=[0, 0]"]
    program("training.mix", tmp_path / "mixed", "--train=1", "--val=2", *words)
    out = laboratory("training.evaluate", tmp_path / "mixed", "--methods", "spectral", "--out", tmp_path / "s.csv")
    assert "clean clips made worse: noisy 0.0 %, spectral" in out.stdout
    lines = (tmp_path / "s.csv").read_text().splitlines()
    of = {tuple(line.split(",")[1:4:2]): line.split(",")[4:] for line in lines[1:]}
    assert float(of["clean", "noisy"][0]) > 4.5 > 2 > float(of["noise", "noisy"][0])
    assert float(of["clean", "noisy"][1]) == pytest.approx(1, abs=1e-3)


def test_methods_are_heard_on_files_folders_and_arrays(tmp_path):
    folder = tmp_path / "in/deep"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    soundfile.write(folder / "stereo.flac", 0.1 * rng.standard_normal((9000, 2)), 22050)
    soundfile.write(tmp_path / "in/short.wav", np.zeros(160), RATE)
    program("training.infer", "--model", "spectral", tmp_path / "in", tmp_path / "out")
    for name, rate, channels, samples in (("deep/stereo.wav", 22050, 2, 9000), ("short.wav", RATE, 1, 160)):
        info = soundfile.info(tmp_path / "out" / name)
        assert (info.samplerate, info.channels, info.frames) == (rate, channels, samples)
    (tmp_path / "text.wav").write_text("no sound")
    np.save(tmp_path / "wrong.npy", np.zeros((3, 5)))
    for words, sentence in (
        (["--model", "spectral", tmp_path / "text.wav", tmp_path / "o.wav"], "cannot be read as sound"),
        (["--model", "spectral", tmp_path / "wrong.npy", tmp_path / "o.npy"], "Only an ONNX model"),
        (["--model", tmp_path / "no.onnx", tmp_path / "in", tmp_path / "o"], "There is no model at"),
        (["--model", "spectral", tmp_path / "in", tmp_path / "in"], "is the folder that is read"),
    ):
        answer = program("training.infer", *words, check=False)
        assert answer.returncode == 1 and sentence in answer.stderr.splitlines()[-1]
