"""Clustering and choosing voices on made-up embeddings, where the truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages import present, reference, speaker, threshold, voices
from tests.conftest import row


def corpus(counts: list[int], seed: int = 0, spread: float = 0.25):
    """Non-negative unit embeddings around random voices that share a large common part, as Resemblyzer's do."""
    rng = np.random.default_rng(seed)
    common = np.abs(rng.standard_normal(256))
    heads = voices.unit(np.maximum(0, common + 1.2 * rng.standard_normal((len(counts), 256))))
    label = np.repeat(np.arange(len(counts)), counts)
    noise = rng.standard_normal((len(label), 256)) * spread / 16
    vectors = voices.unit(np.maximum(0, heads[label] + noise))
    return vectors, rng.uniform(1.5, 8, len(label)), label, heads


def given_to(vectors, seconds, targets):
    """For every clip the index of the target that it is surely of, or -1; a recording for every ten clips."""
    recording = np.arange(len(vectors)) // 10
    choice, answer, _ = threshold.assign(vectors, seconds, recording, targets)
    return np.where(answer == threshold.CONFIDENT, choice, -1)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(4, 30), min_size=4, max_size=8), st.integers(0, 1000))
def test_voices_that_are_apart_are_found_and_given_to_their_target(counts, seed):
    vectors, seconds, label, heads = corpus(counts, seed)
    found, _ = voices.group(vectors, seconds)
    assert all(len(set(label[found == cluster])) == 1 for cluster in range(found.max() + 1))
    assert np.all(np.diff(np.bincount(found, seconds)) <= 1e-9)
    np.testing.assert_array_equal(given_to(vectors, seconds, heads[:2]), np.where(label < 2, label, -1))


@pytest.mark.parametrize("counts", [[200, 3, 3], [200, 40], [5, 100, 100], [1], [2], [50]])
def test_whatever_the_targets_share_it_is_kept_whole(counts):
    vectors, seconds, label, heads = corpus(counts)
    np.testing.assert_array_equal(given_to(vectors, seconds, heads[:1]) == 0, label == 0)


def test_someone_who_is_nowhere_is_not_found():
    vectors, seconds, _, heads = corpus([20, 20, 20, 20])
    for absent in (corpus([1], seed)[3][0] for seed in range(5, 15)):
        _, answer, (verdict,) = threshold.assign(vectors, seconds, np.arange(80) // 10, absent[None])
        assert verdict.answer != threshold.CONFIDENT and not (answer == threshold.CONFIDENT).any()


def test_beyond_the_sample_the_rest_joins_the_nearest_voice(monkeypatch):
    vectors, seconds, label, heads = corpus([40, 40, 40])
    monkeypatch.setattr(voices, "SAMPLE", 30)
    monkeypatch.setattr(voices, "BLOCK", 7)
    found, _ = voices.group(vectors, seconds)
    assert found.max() == 2
    assert all(len(set(label[found == cluster])) == 1 for cluster in range(3))
    np.testing.assert_array_equal(given_to(vectors, seconds, heads[:1]) == 0, label == 0)


def test_clips_without_any_voice_disturb_nothing():
    vectors, seconds, label, heads = corpus([20, 20])
    vectors[[0, 30]] = 0
    got = given_to(vectors, seconds, heads[:1])
    np.testing.assert_array_equal(np.delete(got == 0, [0, 30]), np.delete(label == 0, [0, 30]))


def test_without_a_target_the_voice_with_most_seconds_is_found_and_its_medoids_are_its_own():
    vectors, seconds, label, heads = corpus([5, 20, 9])
    voice, means = voices.group(vectors, seconds)
    assert means[0] @ heads[1] > 0.99 and len(means) == 3
    np.testing.assert_array_equal(voice == 0, label == 1)
    members = np.flatnonzero(label == 1)
    chosen = voices.medoids(vectors, seconds, members, 3)
    assert len(chosen) == 3 and set(chosen) <= set(members)
    assert np.all(seconds[chosen] >= np.median(seconds[members]))


def test_a_voice_has_one_gender_and_a_clip_to_hear():
    vectors, seconds, label, _ = corpus([10, 20])
    clips = present.Clips(vectors, seconds, np.zeros(30, int), np.where(label == 0, 0.7, 0.2))
    clips.male[:2] = 0.1
    voice, _ = voices.group(vectors, seconds)
    found = present.describe_voices(clips, voice)
    assert [(one["voice"], one["clips"], one["gender"]) for one in found] == [
        ("v0000", 20, "female"),
        ("v0001", 10, "male"),
    ]
    assert [label[one["medoid"]] for one in found] == [1, 0]


def test_a_target_that_is_not_surely_found_gets_a_warning():
    absent = threshold.Verdict(threshold.UNCERTAIN, 0.6, 0.1)
    row = present.describe_target("anna", absent, [100.0, 12.0, 0.0], "")
    assert row["answer"] == "uncertain" and "surely anna; 12 s are uncertain" in row["warning"]
    found = threshold.Verdict(threshold.CONFIDENT, 0.9, 0.5)
    assert present.describe_target("anna", found, [0.0, 0.0, 9.0], "")["warning"] == ""
    assert "two" in present.describe_target("anna", found, [0.0, 0.0, 9.0], "two voices")["warning"]


def test_a_reference_of_two_voices_is_told():
    heads = np.eye(4, dtype=np.float32)
    steady, mixed = heads[[0, 0, 0, 0, 0]], heads[[0, 0, 0, 1, 1]]
    assert reference.doubt(heads[[0]], [steady], ["a.wav"]) == ""
    assert "a.wav" in reference.doubt(heads[[0]], [mixed], ["a.wav"])
    assert "c.wav" in reference.doubt(heads[[0, 0, 1]], [steady] * 3, ["a.wav", "b.wav", "c.wav"])


@pytest.mark.parametrize(("short_clips", "kept"), [("keep", ["a", "b"]), ("reject", ["a"])])
def test_every_clip_gets_its_answer(short_clips, kept):
    rows = [
        row(id=name, voiced_seconds=voiced) for name, voiced in zip("abcde", (2.0, 1.5, 2.0, 0.0, 2.0), strict=True)
    ]
    sure = threshold.CONFIDENT
    facts = [
        (0, sure, 0.9),
        (0, sure, 0.8),
        (-1, threshold.REJECTED, 0.5),
        (0, sure, 0.0),
        (0, threshold.UNCERTAIN, 0.7),
    ]
    made = [
        speaker.decide(one, choice, answer, np.array([score]), ["anna"], short_clips)
        for one, (choice, answer, score) in zip(rows, facts, strict=True)
    ]
    found = [one for one in made if "reason" not in one]
    assert [one["id"] for one in found] == kept
    assert found[0]["speaker"] == "anna" and found[0]["similarity"] == 0.9
    reasons = {one["id"]: one["reason"] for one in made if "reason" in one}
    assert reasons["c"] == "other_speaker" and reasons["d"] == "no_voice" and reasons["e"] == "uncertain"
    assert reasons.get("b") == (None if short_clips == "keep" else "too_short_to_judge")
