"""How a clip is spoken: descriptors of known sounds, normalising per speaker, clusters, and what a model may be."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import signal

from engines.tone import clusters, descriptors, frames, normalization, parts
from engines.tone.model import Model, card_of, tell
from engines.tone.plane import Plane
from pipeline.errors import ModelError
from tests.tiny_tone import write

TIME = np.arange(2 * frames.RATE) / frames.RATE
SIZE = sum(len(parts.names(part)) for part in parts.IN_PIPELINE)


def buzz(hertz: float, syllables: float = 4.0) -> np.ndarray:
    envelope = 0.5 - 0.5 * np.cos(2 * np.pi * syllables * TIME)
    return (0.3 * envelope * signal.sawtooth(2 * np.pi * hertz * TIME)).astype(np.float32)


def described(clip: np.ndarray) -> dict[str, float]:
    return dict(zip(descriptors.names(), descriptors.vector(clip), strict=True))


@pytest.mark.parametrize("hertz", [90.0, 160.0, 280.0])
def test_pitch_and_rate_of_a_known_sound(hertz):
    told = described(buzz(hertz, syllables=5.0))
    assert told["pitch.p50"] == pytest.approx(12 * np.log2(hertz / 55), abs=0.15)
    assert told["rate.with_pauses"] == pytest.approx(5.0, abs=0.6)
    assert told["pitch.range"] < 1 and told["glide.mean"] < 0.1


def test_what_is_brighter_or_glides_says_so():
    plain = buzz(150)
    low = signal.sosfilt(signal.butter(2, 900, fs=frames.RATE, output="sos"), plain).astype(np.float32)
    assert described(plain)["alpha.mean"] > described(low)["alpha.mean"] + 5
    assert described(plain)["centroid.mean"] > described(low)["centroid.mean"]
    glide = 120 * 2 ** (TIME / 2)
    rising = (0.3 * signal.sawtooth(2 * np.pi * np.cumsum(glide) / frames.RATE)).astype(np.float32)
    assert described(rising)["pitch.slope"] == pytest.approx(12, abs=1.5)


@pytest.mark.parametrize("gain", [0.003, 3.0])
def test_level_counts_for_nothing(gain):
    assert np.allclose(descriptors.vector(buzz(150)), descriptors.vector(gain * buzz(150)), atol=0.02, rtol=0.01)


@pytest.mark.parametrize(
    "clip",
    [np.zeros(16000), np.zeros(0), buzz(150)[:2000], np.full(16000, np.nan), 0.1 * np.ones(16000)],
    ids=["silence", "nothing", "too short", "not a number", "a constant"],
)
def test_no_voice_is_none(clip):
    assert descriptors.vector(clip.astype(np.float32)) is None


@given(arrays(np.float32, st.integers(0, 12000), elements=st.floats(-1, 1, width=32)))
def test_any_sound_has_a_vector_or_none(clip):
    vector = descriptors.vector(clip)
    assert vector is None or (vector.shape == (len(descriptors.names()),) and not np.isinf(vector).any())


def test_the_table_of_names_is_what_is_described():
    assert descriptors.names() == tuple(descriptors.describe(frames.frames(buzz(120))))


def test_names_are_each_their_own():
    assert len(set(descriptors.names())) == len(descriptors.names())
    assert parts.fingerprint(["descriptors"]) != parts.fingerprint(["voice"])


def test_normalising_takes_the_speaker_away():
    random = np.random.default_rng(0)
    vectors, speakers = random.normal(size=(60, 5)), np.repeat(["a", "b", "c"], 20)
    vectors[7, 2] = np.nan
    vectors[:, 4] = 3.0
    plain = normalization.per_speaker(vectors, speakers)
    for name in "abc":
        own = plain[speakers == name][:, :2]
        assert np.allclose(own.mean(axis=0), 0, atol=1e-5) and np.allclose(own.std(axis=0), 1, atol=1e-5)
    assert plain[7, 2] == 0 and not plain[:, 4].any()
    moved = vectors * np.repeat([[1.0], [5.0], [0.2]], 20, axis=0) + np.repeat([[0.0], [40.0], [-3.0]], 20, axis=0)
    assert np.allclose(normalization.per_speaker(moved, speakers), plain, atol=1e-4)
    assert not normalization.per_speaker(vectors[:1], speakers[:1]).any()


@given(arrays(np.float64, (6, 3), elements=st.floats(-1e6, 1e6)))
def test_normalised_values_are_bounded(vectors):
    assert np.abs(normalization.per_speaker(vectors, np.array(["a"] * 6))).max() <= normalization.LIMIT


def test_the_plane_finds_what_differs_most():
    random = np.random.default_rng(1)
    side = np.repeat([-1.0, 1.0], 50)
    vectors = random.normal(scale=0.3, size=(100, SIZE)).astype(np.float32)
    for name in ("pitch.mean", "alpha.mean", "centroid.mean", "rate"):
        vectors[:, descriptors.names().index(name)] += 2 * side
    vectors[:, -5:] += 1.5 * side[:, None]
    plane = Plane()
    plane.add(vectors[:30])
    plane.add(vectors[30:])
    places = plane.places(vectors)
    assert np.corrcoef(places[:, 0], side)[0, 1] > 0.95 and np.corrcoef(places[:, 1], side)[0, 1] > 0.95
    groups = clusters.group(places, 2)
    assert len(np.unique(groups[:50])) == 1 and len(np.unique(groups[50:])) == 1 and groups[0] != groups[-1]
    assert clusters.count(places) == 2
    named = clusters.words(clusters.traits(vectors), groups)
    assert set(named[groups[-1]].split("-")) == {"higher", "stronger", "faster"}
    assert set(named[groups[0]].split("-")) == {"lower", "softer", "slower"}
    sure = clusters.confidence(places, groups)
    assert sure.min() >= 0.5 and sure.max() <= 1 and sure.mean() > 0.8


def test_groups_of_few_or_equal_clips():
    assert clusters.group(np.zeros((5, 2)), 3).tolist() == [0] * 5
    assert clusters.words(np.zeros((5, 5)), np.zeros(5, int)) == ["usual"]
    assert clusters.words(np.zeros((4, 5)), np.array([0, 1, 1, 2])) == ["usual", "usual_2", "usual_3"]
    assert clusters.confidence(np.zeros((2, 2)), np.zeros(2, int)).tolist() == [1, 1]


def test_a_model_at_work(tmp_path):
    weights = np.zeros((SIZE, 3))
    weights[0] = [2.0, 0.0, -2.0]
    model = Model(write(tmp_path / "tone.onnx", weights, ["angry", "calm", "sad"], temperature=2.0))
    vectors = np.zeros((3, SIZE), np.float32)
    vectors[:, 0] = [3, 0, -3]
    chances = model.probabilities(vectors)
    expected = np.exp([3, 0, -3]) / np.exp([3, 0, -3]).sum()
    assert np.allclose(chances[0], expected, atol=1e-5) and np.allclose(chances.sum(axis=1), 1)
    assert tell(chances, model.card.tones, 0.5)[0] == ["angry", "", "sad"]
    among = model.probabilities(vectors, ["calm", "sad"])
    assert np.allclose(among[:, 0], 0) and np.allclose(among.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.with_suffix(".json").unlink(), "tone.json does not exist"),
        (lambda path: path.unlink(), "tone.onnx does not exist"),
        (lambda path: path.write_bytes(path.read_bytes() + b" "), "is not the file that its card"),
        (lambda path: path.with_suffix(".json").write_text("{"), "is not valid (its JSON"),
        (lambda path: change(path, temperature=0.0), "is not valid (temperature"),
        (lambda path: change(path, tones=["a/b", "c"]), "is not valid (tones.0"),
        (lambda path: change(path, pickle="x"), "is not valid (pickle"),
        (lambda path: change(path, features="000000000000"), "was trained on other features"),
        (lambda path: change(path, parts=["voice"], features=parts.fingerprint(["voice"])), "its card says 256"),
    ],
)
def test_what_is_no_model_is_one_sentence(tmp_path, harm, said):
    path = write(tmp_path / "tone.onnx", np.zeros((SIZE, 2)), ["angry", "calm"])
    harm(path)
    with pytest.raises(ModelError) as error:
        Model(path)
    assert said in str(error.value) and str(error.value).endswith(".") and "\n" not in str(error.value)


def test_a_pickle_is_never_read(tmp_path):
    (tmp_path / "tone.pkl").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    with pytest.raises(ModelError, match="is no .onnx file"):
        card_of(tmp_path / "tone.pkl")


def test_a_file_that_is_no_network_is_one_sentence(tmp_path):
    path = write(tmp_path / "tone.onnx", np.zeros((SIZE, 2)), ["angry", "calm"])
    path.write_bytes(b"no network")
    from pipeline.digest import sha256

    change(path, sha256=sha256(path))
    with pytest.raises(ModelError, match="cannot be opened"):
        Model(path)


def change(path, **fields) -> None:
    card = path.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | fields))
