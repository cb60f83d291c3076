"""Captions put in step with speech: synthetic speech of which every word's place is known."""

import random
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.transcribe import islands, logsums, shift, step, units
from stages.transcribe.align import Alignment
from stages.transcribe.captions.cue import Cue
from stages.transcribe.islands import Islands


def talk(seed: int, sentences: int = 24, pace: float = 0.17):
    """(cues with sloppy times, islands, words with their island) of a made-up talk: a pause ends each phrase."""
    chance, at, cues, spans, words = random.Random(seed), 1.0, [], [], []
    for _ in range(sentences):
        start, said = at, []
        for phrase in range(chance.randint(1, 3)):
            texts = [
                "".join(chance.choices(string.ascii_lowercase, k=chance.randint(1, 9)))
                for _ in range(chance.randint(2, 6))
            ]
            texts[-1] += "," if phrase else "."
            length = sum(map(units.syllables, texts)) * pace * np.exp(chance.gauss(0, 0.12))
            spans.append((at, at + length))
            words += [(text, len(spans) - 1) for text in texts]
            said += texts
            at += length + chance.uniform(0.25, 0.5)
        cues.append(Cue(start + chance.uniform(-0.3, 0.3), at + chance.uniform(-0.3, 0.3), " ".join(said)))
        at += chance.uniform(0.3, 2.0)
    return cues, Islands(*np.array(spans).T), words


def aligned(cues, speech) -> Alignment:
    return Alignment(units.of_cues(cues), np.array([(cue.start, cue.end) for cue in cues]), speech, 0.17)


def texts_of(alignment: Alignment, speech: Islands, words) -> list[tuple[str, str, float]]:
    """(given, true, probability) of the text of every island."""
    answers = []
    for number in range(len(speech.start)):
        fit = alignment.between(number, number + 1)
        true = " ".join(text for text, island in words if island == number)
        if fit:
            answers.append((alignment.words.text(fit.first, fit.stop), true, fit.probability))
    return answers


@pytest.mark.parametrize("seed", range(4))
def test_a_stretch_gets_whole_words_and_all_of_them(seed):
    cues, speech, words = talk(seed)
    answers = texts_of(aligned(cues, speech), speech, words)
    sure = [(text, true) for text, true, probability in answers if probability >= 0.85]
    assert len(sure) >= 0.8 * len(speech.start)
    assert sum(text != true for text, true in sure) <= 0.02 * len(sure)


def test_probabilities_are_calibrated():
    """Of the texts with a probability of about p, about p are right."""
    answers = [answer for seed in range(8) for answer in texts_of(aligned(*talk(seed)[:2]), *talk(seed)[1:])]
    for low, high in ((0.0, 0.6), (0.6, 0.9), (0.9, 1.0)):
        chosen = [(text == true, probability) for text, true, probability in answers if low <= probability <= high]
        right, told = (np.mean(column) for column in zip(*chosen, strict=True))
        assert right >= told - 0.1, (low, high, len(chosen))


def test_speech_without_captions_and_captions_without_speech_take_no_words():
    cues, speech, words = talk(1)
    silent, spoken = cues[5], cues[15]
    without = [cue for cue in cues if cue != spoken]
    kept = (speech.stop < silent.start - 0.5) | (speech.start > silent.end - 0.5)
    alignment = aligned(without, Islands(speech.start[kept], speech.stop[kept]))
    for number in range(int(kept.sum())):
        if fit := alignment.between(number, number + 1):
            text = alignment.words.text(fit.first, fit.stop)
            middle = (speech.start[kept][number] + speech.stop[kept][number]) / 2
            if spoken.start < middle < spoken.end - 0.5 and fit.probability >= 0.85:
                raise AssertionError(f"uncaptioned speech got '{text}'")
            assert fit.probability < 0.85 or not set(text.split()) & set(silent.text.split())
    assert alignment.taken() < 1.0


@pytest.mark.parametrize("by", [-40.0, -2.0, 0.0, 2.0, 75.5])
def test_a_shift_of_the_whole_is_undone(by):
    cues, speech, words = talk(2)
    moved = [cue._replace(start=cue.start + by + 80, end=cue.end + by + 80) for cue in cues]
    speech = Islands(speech.start + 80, speech.stop + 80)
    placed = step.put(moved, speech)
    assert placed.refused is None and placed.shift == pytest.approx(-by, abs=0.3)
    answers = texts_of(placed.alignment, speech, words)
    assert sum(text == true for text, true, _ in answers) > 0.8 * len(answers)


@pytest.mark.parametrize("rate", [25 / 24, 24 / 25])
@pytest.mark.parametrize("by", [0.0, 20.0])
def test_captions_of_a_film_at_another_speed_are_put_to_the_recordings(rate, by):
    cues, speech, words = talk(2)
    other = [cue._replace(start=cue.start * rate + by, end=cue.end * rate + by) for cue in cues]
    placed = step.put(other, speech)
    assert placed.refused is None and placed.rate == pytest.approx(1 / rate)
    assert placed.shift == pytest.approx(-by / rate, abs=0.4)
    answers = texts_of(placed.alignment, speech, words)
    assert sum(text == true for text, true, _ in answers) > 0.8 * len(answers)


@pytest.mark.parametrize("seed", range(3))
def test_another_recordings_captions_and_another_order_are_refused(seed):
    cues, speech, _ = talk(seed)
    other = talk(seed + 100)[0]
    assert "another recording" in step.put(other, speech).refused
    shuffled = random.Random(seed).sample(cues, len(cues))
    mixed = [cue._replace(text=text.text) for cue, text in zip(cues, shuffled, strict=True)]
    assert step.put(mixed, speech).refused
    backwards = [cue._replace(text=text.text) for cue, text in zip(cues, cues[::-1], strict=True)]
    assert step.put(backwards, speech).refused


def test_captions_of_equal_length_cannot_be_told_by_their_order():
    cues = [Cue(3.0 * i, 3.0 * i + 2, "one two three four") for i in range(10)]
    speech = Islands(np.arange(10) * 3.0, np.arange(10) * 3.0 + 1.9)
    assert step.order_gain(cues, speech, 0.17) is None
    assert step.put(cues, speech).refused is None


def test_cues_days_behind_the_recording_cost_nothing_and_most_of_them_are_anothers():
    cues, speech, _ = talk(3)
    late = [Cue(9e5 + i, 9e5 + i + 0.9, "far away") for i in range(len(cues))]
    placed = step.put([*cues, late[0]], speech)
    assert placed.refused is None and placed.alignment.words.texts[-1] == cues[-1].text.split()[-1]
    assert "another recording" in step.put([*cues, *late], speech).refused


@pytest.mark.parametrize(("count", "text"), [(3000, "word"), (2, "長" * 1500)])
def test_more_words_than_anybody_can_say_are_refused(count, text):
    cues, speech, _ = talk(3)
    heap = [Cue(30.0, 31.0, f"{text}{number}") for number in range(count)]
    assert "more words at one time" in step.put(sorted([*cues, *heap]), speech).refused


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_product_of_log_weights_is_that_of_the_weights(rows, inner, columns, chance):
    def drawn(*shape):
        values = [chance.choice([-np.inf, chance.uniform(-150, 5)]) for _ in range(shape[0] * shape[1])]
        return np.array(values).reshape(shape)

    first, second = drawn(rows, inner), drawn(inner, columns)
    summed = np.logaddexp.reduce(first[:, :, None] + second[None], axis=1)
    np.testing.assert_allclose(logsums.product(first, second), summed, rtol=1e-9, atol=1e-9)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 60), st.floats(0.1, 8), st.text(max_size=20)), min_size=1, max_size=8), st.data()
)
def test_any_cues_over_any_speech_end_in_an_answer(raw, data):
    cues = [Cue(start, start + length, text) for start, length, text in sorted(raw) if text.split()]
    edges = sorted(data.draw(st.lists(st.floats(0, 80), max_size=12, unique=True)))
    spans = np.array([(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if b - a > 0.04]).reshape(-1, 2)
    speech = Islands(spans[:, 0], spans[:, 1])
    if not cues:
        return
    placed = step.put(cues, speech)
    assert placed.refused or placed.alignment
    if placed.alignment:
        for number in range(len(spans)):
            fit = placed.alignment.between(number, len(spans))
            assert fit is None or (0 <= fit.first < fit.stop <= len(placed.alignment.words.texts))
            assert fit is None or 0 <= fit.probability <= 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("two words", ["two", "words"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("日本語です。", ["日", "本", "語", "で", "す。"]),
        ("今日はHello world、と", ["今", "日", "は", "Hello", "world、", "と"]),
    ],
)
def test_words_are_what_a_pause_may_stand_between_and_give_the_text_back(text, words):
    parts = units.of_cues([Cue(0, 1, text)])
    assert parts.texts == words and parts.text(0, len(words)) == text


def test_islands_end_at_pauses_and_at_the_edges_of_clips():
    level = np.full(1000, -70.0)
    for start, stop in ((100, 200), (220, 300), (305, 400), (600, 650)):
        level[start:stop] = -20.0
    labels = [("male", 0.9, 4.2), ("music", 4.2, 5.5), ("female", 5.5, 7.0)]
    speech = islands.of(labels, level, [3.5])
    np.testing.assert_allclose(speech.start, [0.99, 2.19, 3.5, 5.99], atol=0.02)
    np.testing.assert_allclose(speech.stop, [2.01, 3.5, 4.01, 6.51], atol=0.02)
    assert list(speech.within(2.0, 3.6)) == [1] and list(speech.within(3.4, 4.2)) == [2]
    assert len(islands.of(labels, np.full(1000, -120.0), []).start) == 0
    assert len(islands.of([], level, []).start) == 0


def test_candidates_of_a_shift_are_apart_and_hold_no_shift_at_all():
    cues, speech, _ = talk(3)
    found = shift.candidates(np.array([(cue.start, cue.end) for cue in cues]), speech)
    assert abs(found[0]) < 0.3
    assert all(abs(a - b) >= 1 for i, a in enumerate(found) for b in found[:i])
