"""The ONNX segmentation engine against inaSpeechSegmenter 0.8.0 and against known answers.

The package's answers lie in fixtures/segment (made by make_fixtures_segment.py); upstream's own reference
files and the recordings are development data, and tests that want them are skipped where they are absent.
"""

import csv
import json
import os
import subprocess
import tempfile
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.ina import features as ina_features
from engines.ina import viterbi
from engines.ina.onnx import (
    NETWORKS,
    Listener,
    Segmenter,
    _at_least_a_patch,
    look_closer,
    normalised_patches,
    share,
)
from install import weights
from pipeline import ffmpeg
from pipeline.errors import ModelError, Reject

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
FIXTURES = Path(__file__).parent / "fixtures" / "segment"
CASES = sorted(path.stem for path in FIXTURES.glob("*.csv"))


@pytest.fixture(scope="module", autouse=True)
def fetched():
    try:
        for network in NETWORKS.values():
            weights.file(network.weights)
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def segmenters():
    """Segmenters by (engine, exact), opened once."""
    opened = {}

    def get(engine: str, exact: bool) -> Segmenter:
        if (engine, exact) not in opened:
            opened[engine, exact] = Segmenter(engine, exact=exact)
        return opened[engine, exact]

    return get


def decoded(name: str) -> np.ndarray:
    """The demo or development recording of that stem as the package decodes it, float32 (n,) at 16 kHz."""
    folders = [ROOT / "examples", *(DATA / folder for folder in ("conversation", "radio", "upstream"))]
    found = [path for folder in folders for path in folder.glob(f"{name}.*") if path.suffix != ".csv"]
    if not found:
        pytest.skip(f"the development recording {name} is not in {DATA}")
    command = ["-v", "error", "-i", str(found[0]), "-f", "s16le", "-acodec", "pcm_s16le"]
    answer = ffmpeg.run([*command, "-ar", "16000", "-ac", "1", "pipe:1"])
    return np.frombuffer(answer.stdout, "<i2").astype(np.float32) / 32768


def read_csv(path: Path) -> list[tuple[str, float, float]]:
    with open(path, newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [(row["labels"], round(float(row["start"]), 2), round(float(row["stop"]), 2)) for row in rows]


def plain(spans) -> list[tuple[str, float, float]]:
    return [(span.label, span.start, span.stop) for span in spans]


def per_patch(rows: list[tuple[str, float, float]]) -> np.ndarray:
    return np.concatenate([[label] * round((stop - start) * 50) for label, start, stop in rows])


def test_agrees_with_the_package_on_every_recording(segmenters):
    same = total = 0
    for case in CASES:
        name, engine = case.rsplit("-", 1)
        expected = per_patch(read_csv(FIXTURES / f"{case}.csv"))
        found = per_patch(plain(segmenters(engine, exact=False).segment([decoded(name)])))
        assert np.mean(found == expected) >= 0.99, case
        same, total = same + np.sum(found == expected), total + len(expected)
    assert same / total >= 0.999


@pytest.mark.parametrize("case", CASES)
def test_exact_is_the_package(case, segmenters):
    name, engine = case.rsplit("-", 1)
    found = segmenters(engine, exact=True).segment([decoded(name)])
    assert plain(found) == read_csv(FIXTURES / f"{case}.csv")


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    "reference",
    ["musanmix-smn-gender", "musanmix-sm-gender", "0021-smn-gender", "silence2sec-smn-gender"],
)
def test_upstreams_own_references(reference, exact, segmenters):
    name, engine, _ = reference.split("-")
    found = segmenters(engine, exact).segment([decoded(name)])
    assert plain(found) == read_csv(DATA / "upstream" / f"{reference}.csv")


def test_features_are_the_packages():
    expected = np.load(FIXTURES / "features.npz")
    mel, energy = ina_features.features([decoded("0021")])
    np.testing.assert_allclose(mel, expected["mel"], atol=4e-6)
    np.testing.assert_allclose(energy, expected["energy"], atol=1e-6)


@pytest.mark.parametrize("network", ["smn", "gender"])
def test_posteriors_are_the_packages(network):
    expected = np.load(FIXTURES / "features.npz")[network]
    mel, _ = ina_features.features([decoded("lamartine")])
    listener = Listener(NETWORKS[network], exact=True, batch=64, threads=2, device="cpu")
    np.testing.assert_allclose(listener.posteriors(mel, np.arange(len(expected))), expected, atol=2e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 30000), st.lists(st.integers(0, 30000), max_size=6), st.integers(0, 2**32 - 1))
def test_features_do_not_depend_on_blocks(length, cuts, seed):
    samples = np.random.default_rng(seed).standard_normal(length).astype(np.float32)
    bounds = [0, *sorted(min(cut, length) for cut in cuts), length]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ina_features, "CHUNK", 17)
        whole = ina_features.features([samples])
        parts = ina_features.features(samples[start:stop] for start, stop in pairwise(bounds))
    assert len(whole[0]) == len(whole[1]) == max(0, (length - 400) // 160 + 1)
    assert all(np.array_equal(one, other) for one, other in zip(whole, parts, strict=True))


@settings(max_examples=25, deadline=None)
@given(st.integers(400, 40000), st.integers(0, 2**32 - 1))
def test_a_spectrogram_in_a_file_gives_the_same_patches_and_leaves_nothing(length, seed):
    rng = np.random.default_rng(seed)
    samples, place = rng.standard_normal(length).astype(np.float32), rng.integers(0, length, 2)
    blocks = [samples[start:stop] for start, stop in pairwise([0, *sorted(place.tolist()), length])]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ina_features, "CHUNK", 17)
        held = _at_least_a_patch(ina_features.features(blocks)[0])
        filed = Segmenter.hear(None, blocks, Path(folder))
        assert len(filed) == len(held) and not list(Path(folder).iterdir())
        indices = rng.integers(0, len(held), 100)
        for bands in (21, 24):
            expected, found = (normalised_patches(mel, indices, bands) for mel in (held, filed))
            assert expected.dtype == found.dtype and np.array_equal(expected, found)


def test_mel_filters_have_equal_area():
    filters = ina_features.mel_filters()
    assert filters.shape == (24, 257)
    # Height 2/(high - low) makes every triangle's area 1; the narrow ones are only a few bins wide.
    np.testing.assert_allclose(filters[12:].sum(axis=1) * 16000 / 512, 1.0, atol=0.05)


def test_a_tone_lies_in_its_band():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    mel, energy = ina_features.features([tone])
    centre = np.argmax(ina_features.mel_filters()[:, 32])  # bin 32 of 512 is 1000 Hz
    assert mel.shape == (98, 24) and (mel.argmax(axis=1) == centre).all()
    # 400 samples of mean square 1/2, times the pre-emphasis filter's power gain at w = 2 pi/16.
    expected = np.log(200 * abs(1 - 0.97 * np.exp(-2j * np.pi / 16)) ** 2)
    assert energy.mean() == pytest.approx(expected, abs=0.02)


def test_digital_silence_is_one_span_without_warnings(segmenters):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (span,) = segmenters("smn", exact=False).segment([np.zeros(16000, np.float32)] * 2)
    assert (span.label, span.start, span.stop, span.confidence) == ("noEnergy", 0.0, 1.98, None)


@pytest.mark.parametrize("samples", [0, 399])
def test_under_one_window_is_rejected(samples, segmenters):
    with pytest.raises(Reject) as caught:
        segmenters("smn", exact=False).segment([np.zeros(samples, np.float32)])
    assert caught.value.reason == "too_short"


@pytest.mark.parametrize("frames", [1, 2, 66, 67, 68, 69])
def test_short_signals_are_covered_from_end_to_end(frames, segmenters):
    noise = 0.1 * np.random.default_rng(0).standard_normal(400 + 160 * (frames - 1)).astype(np.float32)
    spans = segmenters("smn", exact=False).segment([noise])
    assert spans[0].start == 0 and spans[-1].stop == round((frames + 1) // 2 * 0.02, 2)
    assert all(before.stop == after.start for before, after in pairwise(spans))


def test_confidence_and_no_gender():
    for span in Segmenter(gender=False).segment([decoded("lamartine")]):
        assert span.label in ("noEnergy", "speech", "music", "noise")
        assert (span.confidence is None) == (span.label == "noEnergy")
        assert span.confidence is None or 0.5 <= span.confidence <= 1


def test_unknown_engine():
    with pytest.raises(ValueError, match="smn or sm"):
        Segmenter("vad")


@given(st.integers(0, 2**32 - 1))
def test_looking_closer_ends_with_both_sides_of_every_change(seed):
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.integers(0, 2, 12), rng.integers(1, 60, 12))
    posteriors = np.where(truth[:, np.newaxis] == [0, 1], 0.99, 0.01)
    seen = np.unique([*range(0, len(truth), 16), len(truth) - 1])
    while len(more := look_closer(seen, np.log(posteriors[seen]), len(truth), -184.2)):
        assert not set(more) & set(seen)
        seen = np.sort(np.concatenate([seen, more]))
    best, _ = viterbi.margins(np.log(posteriors[seen]) * share(seen, len(truth))[:, np.newaxis], -184.2)
    changes = np.flatnonzero(np.diff(best))
    assert (seen[changes + 1] - seen[changes] == 1).all()


LIVE = """
import json, sys
import soundfile
from engines.ina.original import Segmenter
samples, _ = soundfile.read(sys.argv[1], dtype="float32")
spans = Segmenter(threads=2, device="cpu").segment([samples[:50000], samples[50000:]])
print("SPANS", json.dumps([(span.label, span.start, span.stop) for span in spans]))
"""


@pytest.mark.original
def test_the_package_itself_behind_the_same_interface(segmenters, tmp_path):
    python = os.environ.get("VOXSIEVE_ENV_INA")
    if not python:
        pytest.skip("VOXSIEVE_ENV_INA does not name the python of envs/ina")
    wav, samples = tmp_path / "noon.wav", decoded("harbour_noon")
    soundfile.write(wav, samples, 16000, "PCM_16")
    expected = plain(segmenters("smn", exact=True).segment([samples]))
    answer = subprocess.run([python, "-c", LIVE, str(wav)], capture_output=True, text=True, cwd=ROOT)
    assert answer.returncode == 0, answer.stderr
    (line,) = [line for line in answer.stdout.splitlines() if line.startswith("SPANS ")]
    assert [tuple(row) for row in json.loads(line.removeprefix("SPANS "))] == expected
