"""The streaming separation engine against known answers and against spleeter 2.4.2.

Spleeter's answers on short slices lie in fixtures/separate_spleeter.npz (made by make_fixtures_separate.py);
the live test runs spleeter itself where VOXSIEVE_ENV_SPLEETER names the python of its environment.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_fixtures_separate import FIXTURE, SLICES, recording

from engines import runtime
from engines.spleeter import unet as unet_onnx
from engines.spleeter.onnx import BINS, FRAME, HOP, OVERLAP, TILE, Separator, istft, stft
from engines.spleeter.windows import windows
from pipeline.errors import ModelError

ROOT = Path(__file__).parents[2]
UPSTREAM = ROOT.parent / "shared" / "data" / "upstream"
BOUND = 1e-4  # on every sample, full scale 1


@pytest.fixture(scope="module")
def separator():
    try:
        return Separator(device="cpu")
    except ModelError as error:
        pytest.skip(str(error))


class FakeNetwork:
    """Stands for the U-Nets: bins louder than 1 are vocals."""

    def __init__(self):
        self.runs = 0

    def run(self, _, inputs):
        self.runs += 1
        return [(inputs["magnitude"] > 1).astype(np.float32)]


@pytest.fixture
def fake(monkeypatch):
    network = FakeNetwork()
    monkeypatch.setattr(unet_onnx, "built", lambda: None)
    monkeypatch.setattr(runtime, "session", lambda *args, **kwargs: network)
    return Separator(), network


def tones(count: int) -> np.ndarray:
    """(count, 2) well below bin 1024 (11 kHz), a loud tone on the left and a faint one on the right."""
    time = np.arange(count) / 44100
    waves = [0.5 * np.sin(2 * np.pi * 440 * time), 1e-4 * np.sin(2 * np.pi * 1234 * time)]
    return np.stack(waves, axis=1).astype(np.float32)


def joined(pieces) -> tuple[np.ndarray, np.ndarray]:
    vocals, accompaniment = zip(*pieces, strict=True)
    return np.concatenate(vocals), np.concatenate(accompaniment)


def cut(samples: np.ndarray, size: int) -> list[np.ndarray]:
    return [samples[at : at + size] for at in range(0, len(samples), size)]


def test_spectrum_of_a_constant_is_the_windows_own():
    spectrum = stft(np.ones((1, TILE + OVERLAP), np.float32))[0, 7]
    np.testing.assert_allclose(spectrum[:3], [FRAME / 2, -FRAME / 4, 0], atol=1e-3)


def test_inverse_gives_back_what_went_in():
    samples = np.random.default_rng(0).standard_normal((2, TILE + OVERLAP)).astype(np.float32)
    lines = np.fft.rfft(samples)
    lines[:, int(0.9 * BINS / FRAME * samples.shape[1]) :] = 0  # what lies above bin 1024 is lost by design
    low = np.fft.irfft(lines, samples.shape[1]).astype(np.float32)
    inner = slice(OVERLAP, TILE)
    np.testing.assert_allclose(istft(stft(low))[:, inner], low[:, inner], atol=2e-5)


@given(count=st.integers(0, 400), size=st.integers(1, 90), before=st.integers(0, 40), after=st.integers(0, 40))
def test_windows_show_the_stream_around_every_piece(count, size, before, after):
    stream = np.arange(2 * count, dtype=np.float32).reshape(-1, 2)
    blocks = cut(stream, 1 + count % 37)
    at = 0
    for window, lead, keep in windows(blocks, size, before, after):
        assert keep == min(size, count - at)
        np.testing.assert_array_equal(window, stream[max(0, at - before) : at + size + after])
        assert lead == min(at, before)
        at += keep
    assert at == count


@settings(deadline=None, max_examples=12)
@given(count=st.integers(0, 5 * TILE // 2), size=st.sampled_from([777, HOP, 65_536, 3 * TILE]))
def test_every_sample_comes_out_once(count, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unet_onnx, "built", lambda: None)
        patch.setattr(runtime, "session", lambda *args, **kwargs: FakeNetwork())
        pieces = list(Separator().stream(cut(np.ones((count, 2), np.float32), size), accompaniment=True))
    assert sum(len(vocals) for vocals, _ in pieces) == count
    assert all(len(vocals) == len(rest) > 0 and vocals.dtype == np.float32 for vocals, rest in pieces)


@pytest.mark.parametrize("count", [1, TILE - FRAME - 1, TILE - FRAME, TILE - FRAME + 1, 2 * TILE + 5])
def test_the_masks_split_the_recording(fake, count):
    separator, _ = fake
    mix = tones(count)
    vocals, accompaniment = joined(separator.stream([mix], accompaniment=True))
    np.testing.assert_allclose(vocals + accompaniment, stft_limited(mix), atol=2e-5)
    middle = slice(FRAME, -FRAME)
    np.testing.assert_allclose(vocals[middle, 0], mix[middle, 0], atol=1e-3)  # side lobes go to the other stem
    np.testing.assert_allclose(vocals[middle, 1], 0, atol=1e-6)


def stft_limited(samples: np.ndarray) -> np.ndarray:
    """What 4096-sample Hann frames at hop 1024 keep of (n, 2) in their lowest 1024 bins, frame by frame."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    padded = np.pad(samples.astype(np.float64), ((FRAME, FRAME + HOP), (0, 0)))
    out = np.zeros_like(padded)
    for at in range(0, len(padded) - FRAME + 1, HOP):
        lines = np.fft.rfft(padded[at : at + FRAME] * hann[:, None], axis=0)
        lines[BINS:] = 0
        out[at : at + FRAME] += np.fft.irfft(lines, FRAME, axis=0) * hann[:, None] * 2 / 3
    return out[FRAME : FRAME + len(samples)]


def test_block_size_does_not_matter(fake):
    separator, _ = fake
    mix = np.random.default_rng(4).uniform(-1, 1, (TILE + 4567, 2)).astype(np.float32)
    whole, _ = joined(separator.stream([mix], accompaniment=True))
    for size in (1000, 2 * HOP + 1, TILE):
        parts, _ = joined(separator.stream(cut(mix, size), accompaniment=True))
        np.testing.assert_array_equal(parts, whole)


def test_digital_silence_costs_nothing_and_stays_silent(fake):
    separator, network = fake
    vocals, accompaniment = joined(separator.stream([np.zeros((TILE, 2), np.float32)], accompaniment=True))
    assert not vocals.any() and not accompaniment.any() and network.runs == 0


def test_nothing_in_nothing_out(fake):
    assert list(fake[0].stream([])) == []
    assert list(fake[0].stream([np.zeros((0, 2), np.float32)])) == []


def test_devices(caplog):
    with pytest.raises(ValueError, match="device is 'gpu', expected one of auto, cpu, cuda"):
        runtime.session(Path("none.onnx"), 1, "gpu")
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime offers a GPU")
    try:
        Separator(device="cuda")
    except ModelError as error:
        pytest.skip(str(error))
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("name", SLICES)
def test_equal_to_spleeter_on_the_demo_and_its_own_example(separator, name):
    if name != "demo" and not UPSTREAM.is_dir():
        pytest.skip(f"{UPSTREAM} is absent")
    mix, wanted = recording(name, UPSTREAM), np.load(FIXTURE)

    def slices(samples: np.ndarray) -> np.ndarray:
        return np.concatenate([samples[part] for part in SLICES[name]])

    np.testing.assert_allclose(slices(mix), wanted[f"{name}_mix"], atol=1e-6, err_msg="the mp3 is decoded otherwise")
    vocals, accompaniment = joined(separator.stream(cut(mix, 100_000), accompaniment=True))
    np.testing.assert_allclose(slices(vocals), wanted[f"{name}_vocals"], rtol=0, atol=BOUND)
    np.testing.assert_allclose(slices(accompaniment), wanted[f"{name}_accompaniment"], rtol=0, atol=BOUND)


LIVE = """
import sys
import numpy as np
from engines.spleeter import original as separate_spleeter

separate_spleeter.PIECE = separate_spleeter.TILE
spleeter, mix = separate_spleeter.Separator(threads=2, device="cpu"), np.load(sys.argv[1])
whole = spleeter.separate_whole(mix)
blocks = [mix[at : at + 50_000] for at in range(0, len(mix), 50_000)]
vocals, accompaniment = map(np.concatenate, zip(*spleeter.stream(blocks, accompaniment=True)))
np.savez(sys.argv[2], vocals=vocals, accompaniment=accompaniment, whole=whole["vocals"])
"""


@pytest.mark.original
def test_equal_to_spleeter_itself(separator, tmp_path):
    """Both engines on two and a half tiles: noise that comes and goes, tones, a click, mono and stereo passages."""
    python = os.environ.get("VOXSIEVE_ENV_SPLEETER")
    if not python:
        pytest.skip("VOXSIEVE_ENV_SPLEETER does not name the python of spleeter's environment")
    count = 5 * TILE // 2
    noise = np.random.default_rng(5).standard_normal((count, 2)) * np.linspace(0, 0.3, count)[:, None]
    mix = (noise * (np.sin(np.arange(count) / 9000) > 0)[:, None] + tones(count)).astype(np.float32)
    mix[count // 3 : count // 2, 1] = mix[count // 3 : count // 2, 0]
    mix[TILE - FRAME] = 1
    np.save(tmp_path / "mix.npy", mix)
    command = [python, "-c", LIVE, str(tmp_path / "mix.npy"), str(tmp_path / "stems.npz")]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    original = np.load(tmp_path / "stems.npz")
    np.testing.assert_allclose(original["vocals"], original["whole"], rtol=0, atol=1e-6)
    vocals, accompaniment = joined(separator.stream([mix], accompaniment=True))
    np.testing.assert_allclose(vocals, original["vocals"], rtol=0, atol=BOUND)
    np.testing.assert_allclose(accompaniment, original["accompaniment"], rtol=0, atol=BOUND)
    assert np.abs(vocals).max() > 100 * BOUND
