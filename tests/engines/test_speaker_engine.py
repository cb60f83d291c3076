"""The speaker engines: known answers for the audio steps, and the vectors of resemblyzer 0.1.4."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from make_fixtures_speaker import CASES, clips_of, fixture

from engines.resemblyzer import sound as audio
from engines.resemblyzer.onnx import Embedder
from install import weights
from pipeline.errors import ModelError
from stages.reference import __main__ as reference

PACKAGE_PYTHON = os.environ.get("VOXSIEVE_ENV_RESEMBLYZER")
SECOND = audio.SAMPLE_RATE


def tone(seconds: float, hertz: float = 1000.0, peak: float = 0.5) -> np.ndarray:
    time = np.arange(round(seconds * SECOND)) / SECOND
    return (peak * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


@pytest.fixture(scope="module", params=CASES)
def case(request) -> str:
    """The demo, and the development audio where it is there."""
    try:
        clips_of(request.param)
    except FileNotFoundError as error:
        pytest.skip(f"the development audio is not in {error}")
    return request.param


@pytest.fixture(scope="module")
def clips(case):
    return clips_of(case)


@pytest.fixture(scope="module")
def embedder():
    try:
        return Embedder(threads=2, device="cpu")
    except ModelError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("peak", [0.0001, 0.01, 0.03])
def test_a_quiet_clip_is_raised_to_30_db_below_full_scale(peak):
    raised = audio.raise_volume(tone(1, peak=peak))
    assert 20 * np.log10(np.sqrt(np.mean(raised**2))) == pytest.approx(-30, abs=0.001)


def test_a_loud_clip_and_silence_stay_as_they_are():
    for clip in (tone(1, peak=0.5), np.zeros(SECOND, np.float32), np.zeros(0, np.float32)):
        np.testing.assert_array_equal(audio.raise_volume(clip), clip)


def test_silence_and_less_than_one_vad_window_are_trimmed_to_nothing():
    assert len(audio.trim_pauses(np.zeros(SECOND, np.float32))) == 0
    assert len(audio.trim_pauses(tone(0.029))) == 0
    assert len(audio.trim_pauses(np.zeros(0, np.float32))) == 0


def test_a_long_pause_is_shortened_and_the_speech_around_it_kept(clips):
    speech = audio.trim_pauses(clips[0])
    pause = np.zeros(3 * SECOND, np.float32)
    kept = len(audio.trim_pauses(np.concatenate([speech, pause, speech]))) / SECOND
    assert 2 * len(speech) / SECOND - 0.2 < kept < 2 * len(speech) / SECOND + 0.6


@pytest.mark.parametrize(
    ("voiced", "kept"),
    [
        # Four of eight are a half, which rounds to nothing; five of eight are seen from four places.
        ([0] * 9 + [1] * 4 + [0] * 9, [0] * 22),
        ([0] * 9 + [1] * 5 + [0] * 9, [0] * 6 + [1] * 10 + [0] * 7),
        ([1] * 20, [1] * 20),
        ([0] * 20, [0] * 20),
        ([], []),
    ],
)
def test_voiced_windows_are_smoothed_over_eight_and_spread_by_three(voiced, kept):
    np.testing.assert_array_equal(audio._spread(np.array(voiced, bool)), np.array(kept, bool))


@pytest.mark.parametrize("hertz", [240.0, 1000.0, 3000.0])
def test_the_mel_power_of_a_sine_lies_in_its_band_and_has_its_energy(hertz):
    mel = audio.mel_spectrogram(tone(1, hertz), 90)[10:80]
    filters = audio.mel_filters()
    bins = np.fft.rfftfreq(audio.FFT_SAMPLES, 1 / SECOND)
    assert np.all(mel.argmax(axis=1) == filters[:, np.argmin(abs(bins - hertz))].argmax())
    # A sine on a bin: the Hann window puts |A N / 4| there and half of it in either neighbour.
    power = (0.5 * audio.FFT_SAMPLES / 4) ** 2
    expected = filters @ (power * ((bins == hertz) + (abs(bins - hertz) == 40) / 4))
    np.testing.assert_allclose(mel, np.tile(expected, (70, 1)), rtol=1e-3, atol=1e-3)


def test_each_mel_filter_has_unit_area_as_far_as_its_bins_resolve_it():
    areas = audio.mel_filters().sum(axis=1) * SECOND / audio.FFT_SAMPLES
    np.testing.assert_allclose(areas[20:], 1, atol=0.1)
    np.testing.assert_allclose(areas.mean(), 1, atol=0.02)


def test_frames_after_the_end_of_a_clip_are_zero():
    mel = audio.mel_spectrogram(tone(0.5), 160)
    assert mel.shape == (160, 40)
    assert mel.dtype == np.float32
    assert mel[51].max() > 0
    assert not mel[52:].any()


@settings(deadline=None)
@given(st.integers(1, 30 * SECOND))
def test_windows_start_every_77_frames_and_cover_the_clip(samples):
    starts = audio.window_starts(samples)
    assert starts[0] == 0
    assert np.all(np.diff(starts) == audio.STEP_FRAMES) and audio.STEP_FRAMES == 77
    frames = samples / audio.HOP_SAMPLES
    missed = frames - (starts[-1] + audio.WINDOW_FRAMES)
    assert missed < audio.STEP_FRAMES  # at most what one step leaves at the end
    if len(starts) > 1:
        assert -missed <= (1 - audio.MIN_COVERAGE) * audio.WINDOW_FRAMES


def test_vectors_are_those_of_the_package(case, clips, embedder):
    expected = np.load(fixture(case))
    found = embedder.embed(clips)
    np.testing.assert_array_equal([round(e.voiced_seconds * SECOND) for e in found], expected["samples"])
    cosines = [float(e.vector @ vector) for e, vector in zip(found, expected["vectors"], strict=True)]
    assert min(cosines) > 0.99999
    for embedding in found:
        np.testing.assert_allclose(np.linalg.norm(embedding.partials, axis=1), 1, rtol=1e-5)


def test_a_vector_does_not_depend_on_the_other_clips_or_the_batch(clips, embedder):
    together = embedder.embed(clips)
    alone = [embedder.embed([clip])[0] for clip in clips]
    otherwise = Embedder(threads=1, device="cpu", batch=5).embed(clips[::-1])[::-1]
    for one, two, three in zip(together, alone, otherwise, strict=True):
        np.testing.assert_allclose(two.vector, one.vector, atol=1e-6)
        np.testing.assert_allclose(three.vector, one.vector, atol=1e-6)


def test_a_long_reference_is_embedded_in_pieces(clips, embedder, tmp_path, monkeypatch):
    speech = np.concatenate(clips)
    soundfile.write(tmp_path / "long.wav", speech, SECOND, subtype="FLOAT")
    whole = reference.embed_file(tmp_path / "long.wav", embedder)
    monkeypatch.setattr(reference, "BLOCKS", 1)
    pieces = reference.embed_file(tmp_path / "long.wav", embedder)
    assert len(speech) > 40 * SECOND and whole.vector @ pieces.vector > 0.98
    assert pieces.voiced_seconds == pytest.approx(whole.voiced_seconds, rel=0.02)


def test_clips_without_a_voice_have_no_vector(clips, embedder):
    silence = np.zeros(2 * SECOND, np.float32)
    first, speech, last = embedder.embed([silence, clips[0], silence[:0]])
    assert first.vector is None and last.vector is None
    assert first.voiced_seconds == last.voiced_seconds == 0
    assert speech.voiced_seconds > 5
    assert embedder.embed([]) == []


@pytest.mark.skipif(not PACKAGE_PYTHON, reason="VOXSIEVE_ENV_RESEMBLYZER names no python")
def test_the_engine_of_the_package_gives_the_same(clips, embedder, tmp_path):
    program = """
import sys, numpy as np
from engines.resemblyzer.original import Embedder
with np.load(sys.argv[1]) as clips:
    found = Embedder(device="cpu").embed([clips[name] for name in clips.files])
print(found[-1].vector, found[-1].voiced_seconds)
partials = {str(at): embedding.partials for at, embedding in enumerate(found)}
np.savez(sys.argv[2], voiced=[embedding.voiced_seconds for embedding in found], **partials)
"""
    both = [*clips, np.zeros(SECOND, np.float32)]
    np.savez(tmp_path / "clips.npz", *both)
    arguments = [PACKAGE_PYTHON, "-c", program, tmp_path / "clips.npz", tmp_path / "found.npz"]
    environment = {**os.environ, "VOXSIEVE_CACHE": str(weights.cache())}
    root = Path(__file__).parents[2]
    answer = subprocess.run(arguments, cwd=root, env=environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("None 0.0")
    with np.load(tmp_path / "found.npz") as found:
        for at, embedding in enumerate(embedder.embed(both)):
            assert found["voiced"][at] == embedding.voiced_seconds
            np.testing.assert_allclose(found[f"{at}"], embedding.partials, atol=1e-3)


@pytest.mark.parametrize("milliseconds", [1, 29, 30, 60, 150, 209, 210, 240])
def test_a_clip_shorter_than_the_dilation_is_no_error(milliseconds):
    clip = np.random.default_rng(0).uniform(-0.5, 0.5, 16 * milliseconds).astype(np.float32)
    assert len(audio.trim_pauses(clip)) <= len(clip)
