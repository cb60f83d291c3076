"""Labels from both signals, changes of voice, and what purity the development shows reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.segment import hearing, labels
from stages.slice import turns
from stages.slice.turns import Utterance


def frames(*pieces: tuple[float, float]) -> np.ndarray:
    """Values at frames of 10 ms from (seconds, value)."""
    return np.concatenate([np.full(round(100 * seconds), float(value)) for seconds, value in pieces])


def test_a_knock_is_no_speech_a_short_pause_is_and_soft_ends_are_followed():
    probability = frames((1, 0), (0.15, 0.9), (1, 0), (2, 0.9), (0.3, 0), (1, 0.9), (0.5, 0), (1, 0.9), (1, 0))
    level = frames((2.15, -90), (2, -20), (0.3, -90), (1, -20), (0.1, -30), (0.4, -90), (1, -20), (1, -90))
    found = [(start / 100, stop / 100) for start, stop in labels.stretches(labels.speech(probability, level))]
    assert found == [(2.11, 5.55), (5.91, 6.95)]


@pytest.mark.parametrize(("closed", "begins"), [(0.06, 1.0), (0.12, 1.2)])
def test_what_is_heard_before_a_stop_belongs_to_the_word(closed, begins):
    quiet = 1.2 - closed
    probability = frames((1.24, 0), (2, 0.9), (1, 0))
    level = frames((1, -90), (quiet - 1, -20), (closed, -80), (2.04, -20), (1, -90))
    ((start, _),) = labels.stretches(labels.speech(probability, level))
    assert start / 100 == pytest.approx(begins)


def test_music_noise_and_silence_are_told_by_the_mixture():
    speaking = frames((2, 0), (2, 1), (4, 0)).astype(bool)
    music = frames((2, 4), (2, 0), (4, -4))
    quiet = labels.silent(frames((6, -20), (2, -80)))
    label = labels.backgrounds(speaking, quiet, music)
    assert [labels.KINDS[label[start]] for start, _ in labels.runs(label)] == ["music", "speech", "noise", "noEnergy"]
    flat = np.full(800, 0.9)
    spans = labels.passages(label, flat, music, flat, np.full(800, -20.0), np.full(800, -17.0))
    assert [span.label for span in spans] == ["music", "male", "noise", "noEnergy"]
    assert spans[1].male == pytest.approx(0.9) and spans[1].speech_to_background_db == pytest.approx(0.0, abs=0.1)
    assert spans[0].start == 0 and spans[-1].stop == 8
    assert labels.passages(label, flat, music, None, music, music)[1].label == "speech"


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 200), st.floats(0, 1)), min_size=1, max_size=20), st.integers(0, 99))
def test_passages_cover_the_recording_whatever_is_heard(pieces, seed):
    rng = np.random.default_rng(seed)
    probability = np.concatenate([np.full(length, value) for length, value in pieces])
    level = rng.uniform(-100, -10, len(probability))
    label = labels.backgrounds(labels.speech(probability, level), labels.silent(level), rng.normal(size=len(level)))
    spans = labels.passages(label, probability, rng.normal(size=len(level)), probability, level, level)
    assert spans[0].start == 0 and spans[-1].stop == len(level) / 100
    assert all(left.stop == right.start for left, right in zip(spans, spans[1:], strict=False))


class Listening:
    """A segmenter that notes which patches are looked at; the voice is a man's in the patches from `men` on."""

    def __init__(self, exact: bool, men: int = 0):
        self.exact, self.men, self.features, self.patches = exact, men, None, []

    def posteriors(self, heard, network: str, patches: np.ndarray) -> dict[str, np.ndarray]:
        self.patches += patches.tolist()
        return {"male": (patches >= self.men).astype(np.float32)}


def listened(segmenter: Listening, speaking: np.ndarray) -> np.ndarray:
    signal = hearing.Signal.__new__(hearing.Signal)
    signal.segmenter, signal.features = segmenter, None
    return hearing.male_voice(signal, speaking)


def test_exact_looks_at_every_patch_of_speech_in_both_signals_too():
    speaking = frames((1, 0), (3, 1), (1, 0), (0.3, 1)).astype(bool)
    exact, sparse = Listening(exact=True), Listening(exact=False)
    np.testing.assert_array_equal(listened(exact, speaking), speaking)
    np.testing.assert_array_equal(listened(sparse, speaking), speaking)
    near = np.concatenate([np.arange(50, 200), np.arange(250, 265)])
    assert len(exact.patches) == len(near) and np.abs(np.sort(exact.patches) - near).max() <= 1
    assert len(sparse.patches) == 7 + 1 and all(speaking[2 * patch] for patch in sparse.patches)


def test_a_voice_of_unsure_gender_is_looked_at_more_closely():
    male = listened(segmenter := Listening(exact=False, men=100), frames((1, 0), (2, 1)).astype(bool))
    assert len(segmenter.patches) == 5 + 13
    assert not male[:192].any() and male[208:].all()


def voice(number: int) -> np.ndarray:
    return np.eye(4, dtype=np.float32)[number]


def test_neighbours_join_where_they_share_a_voice_the_short_ones_first():
    parts = [Utterance(0, 200, "male", voice(0)), Utterance(250, 300, "male", voice(0))]
    parts += [Utterance(345, 600, "male", voice(1)), Utterance(690, 760, "female", voice(1))]
    joined = turns.join(parts, shortest=150, longest=1200, pause=60, reach=100)
    assert [(one.start, one.stop, one.label) for one in joined] == [(0, 300, "male"), (345, 760, "male")]
    assert [one.stop for one in turns.join(parts, 150, 350, 60, 50)] == [300, 600, 760]


def test_without_a_pause_a_change_of_voice_has_to_be_shown():
    left, right = Utterance(0, 70, "male", voice(0)), Utterance(80, 300, "male", voice(1))
    assert turns.alike(left, right)
    assert not turns.alike(Utterance(0, 100, "male", voice(0)), Utterance(110, 300, "male", voice(1)))
    assert not turns.alike(left, Utterance(110, 300, "male", voice(1)))


def test_a_change_is_found_where_it_is():
    assert turns.change(np.stack([voice(0)] * 8)) is None
    assert turns.change(np.stack([voice(0)] * 2)) is None
    share = turns.change(np.stack([voice(0)] * 4 + [voice(1)] * 4))
    assert share == pytest.approx(0.5, abs=0.12)
