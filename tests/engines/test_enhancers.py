"""Enhancers: what goes in comes out in time, as long as it was, and a file that does not fit is one sentence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from engines import enhancers
from engines.enhancers import spectral, stft
from engines.enhancers.model import Model
from engines.enhancers.rnnoise import FRAME
from install import weights
from install.pins import RNNOISE
from pipeline import audio
from pipeline.errors import ConfigError, ModelError

METHODS = ("rnnoise", "spectral", "wpe")


@pytest.fixture(scope="module")
def speech(demo) -> np.ndarray:
    """6 s of the demo's host, (n,) at 44.1 kHz."""
    whole = audio.concatenated(audio.decode_mono(demo / "harbour_noon.mp3", 44100))
    return whole[round(7 * 44100) : round(13 * 44100)]


def enhancer(method: str):
    if method == "rnnoise" and not (weights.cache() / "weights" / RNNOISE).is_file():
        pytest.skip("RNNoise's library is not in the cache: `make weights` brings it on Linux on x86-64")
    return enhancers.load(method)


def lag(before: np.ndarray, after: np.ndarray) -> int:
    """By how many samples `after` is late."""
    return int(np.argmax(signal.correlate(after, before))) - len(before) + 1


@given(st.integers(0, 3000), st.integers(0, 2**32 - 1))
def test_frames_that_are_left_alone_add_up_to_the_signal(samples, seed):
    sound = np.random.default_rng(seed).uniform(-1, 1, samples).astype(np.float32)
    spectrum = stft.analyse(sound)
    assert spectrum.shape == (stft.frames(samples), stft.BINS)
    np.testing.assert_allclose(stft.synthesise(spectrum, samples), sound, atol=2e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_what_comes_out_is_in_time_with_what_went_in(method, rate, speech):
    clip = audio.resample(speech[: 3 * 44100], 44100, rate)
    out = enhancers.enhanced(enhancer(method), clip, rate)
    assert len(out) == len(clip) and out.dtype == np.float32
    assert abs(lag(clip, out)) <= 1


def test_a_delay_that_is_known_comes_out_as_it_went_in(speech):
    clip = audio.resample(speech[: 3 * 44100], 44100, 48000)
    late = np.concatenate([np.zeros(37 * FRAME, np.float32), clip])
    out = enhancer("rnnoise").enhance(late)
    assert lag(clip, out) == pytest.approx(37 * FRAME, abs=1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("samples", [0, 1, 441, 4410])
def test_short_sounds_and_silence_come_back_whole(method, samples):
    chosen = enhancer(method)
    for sound in (np.zeros(samples, np.float32), np.full(samples, 0.1, np.float32)):
        out = enhancers.enhanced(chosen, sound, 44100)
        assert len(out) == samples and np.isfinite(out).all()
    assert not np.abs(enhancers.enhanced(chosen, np.zeros(samples, np.float32), 44100)).max(initial=0) > 1e-4


def test_noise_goes_down_and_speech_stays(speech):
    noise = 0.02 * np.random.default_rng(0).standard_normal(len(speech)).astype(np.float32)
    silent = np.concatenate([np.zeros(44100, np.float32), speech])
    noisy = silent + np.concatenate([noise[:44100], noise])
    for method in ("rnnoise", "spectral"):
        out = enhancers.enhanced(enhancer(method), noisy, 44100)
        before, after = (np.sqrt(np.mean(sound[8820:40000] ** 2)) for sound in (noisy, out))
        assert 20 * np.log10(after / before) < -6, method
        kept = np.sum(out[44100:] * speech) / np.sum(speech**2)
        assert 0.7 < kept < 1.1, method


def test_a_known_profile_is_turned_down_by_what_was_asked():
    rng = np.random.default_rng(1)
    noise = 0.05 * rng.standard_normal(48000).astype(np.float32)
    for reduction in (6.0, 20.0):
        chosen = spectral.Spectral(spectral.profile(noise[:16000]), reduction_db=reduction, sensitivity=4.0)
        out = chosen.enhance(noise)[16000:]
        assert 20 * np.log10(np.std(out) / np.std(noise)) == pytest.approx(-reduction, abs=1.5)


def test_the_band_that_a_model_does_not_hear_is_kept(speech):
    tone = 0.05 * np.sin(2 * np.pi * 12000 * np.arange(len(speech)) / 44100).astype(np.float32)

    class Same:
        SAMPLE_RATE = 16000

        def enhance(self, clip):
            return clip

    out = enhancers.enhanced(Same(), speech + tone, 44100)
    np.testing.assert_allclose(out[4410:-4410], (speech + tone)[4410:-4410], atol=2e-3)


def model(path, **facts):
    """A denoiser that multiplies by one, with these facts in its metadata."""
    import onnx
    from onnx import TensorProto, helper

    shape = [1, "t", stft.BINS]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape if "ma" in name else [1, 1, 1])
        for name in ("magnitude", "state", "mask", "state_out")
    ]
    nodes = [
        helper.make_node("Sub", ["magnitude", "magnitude"], ["zero"]),
        helper.make_node("Exp", ["zero"], ["mask"]),
        helper.make_node("Identity", ["state"], ["state_out"]),
    ]
    built = helper.make_model(
        helper.make_graph(nodes, "one", ends[:2], ends[2:]), opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    helper.set_model_props(built, {name: str(value) for name, value in facts.items()})
    onnx.save(built, path)
    return path


def test_a_model_of_another_rate_or_kind_is_one_sentence(tmp_path, speech):
    good = {"task": "denoise", "sample_rate": 16000, "left": 0, "ahead": 0}
    clip = audio.resample(speech, 44100, 16000)
    out = Model(model(tmp_path / "good.onnx", **good)).enhance(clip)
    np.testing.assert_allclose(out, clip, atol=1e-5)
    with pytest.raises(ModelError, match=r"model for 48000 Hz, expected 16000: train"):
        Model(model(tmp_path / "rate.onnx", **good | {"sample_rate": 48000}))
    with pytest.raises(ModelError, match=r"but of 'gate': export one"):
        Model(model(tmp_path / "task.onnx", **good | {"task": "gate"}))
    (tmp_path / "text.onnx").write_text("this is no model")
    with pytest.raises(ModelError, match=r"no ONNX model that can be opened .*: export it again"):
        enhancers.load(str(tmp_path / "text.onnx"))
    with pytest.raises(ModelError, match=r"There is no model at .*gone.onnx"):
        enhancers.load(str(tmp_path / "gone.onnx"))
    with pytest.raises(ConfigError, match=r"no enhancer 'magic', only rnnoise"):
        enhancers.load("magic")
