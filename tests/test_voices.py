"""Clustering and choosing voices on made-up embeddings, where the truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import mean_voice
from stages import present, reference, speaker, threshold, voices
from tests.conftest import row


def corpus(counts: list[int], seed: int = 0, spread: float = 0.25):
    """Unit embeddings around random voices that share what Resemblyzer's share."""
    rng = np.random.default_rng(seed)
    heads = voices.unit(voices.mean_voice() + 0.64 / 16 * rng.standard_normal((len(counts), 256)))
    label = np.repeat(np.arange(len(counts)), counts)
    noise = rng.standard_normal((len(label), 256)) * spread / 16
    vectors = voices.unit(heads[label] + noise)
    return vectors, rng.uniform(1.5, 8, len(label)), label, heads


def clustered(vectors, seconds):
    """A recording for every ten clips."""
    return voices.cluster(vectors, seconds, np.arange(len(vectors)) // 10)


def given_to(vectors, seconds, targets):
    """For every clip the index of the target that it is surely of, or -1."""
    choice, answer, _ = threshold.assign(clustered(vectors, seconds), targets)
    return np.where(answer == threshold.CONFIDENT, choice, -1)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(4, 30), min_size=4, max_size=8), st.integers(0, 1000))
def test_voices_that_are_apart_are_found_and_given_to_their_target(counts, seed):
    vectors, seconds, label, heads = corpus(counts, seed)
    found = voices.group(clustered(vectors, seconds), seconds)
    assert all(len(set(label[found == cluster])) == 1 for cluster in range(found.max() + 1))
    assert np.all(np.diff(np.bincount(found, seconds)) <= 1e-9)
    np.testing.assert_array_equal(given_to(vectors, seconds, heads[:2]), np.where(label < 2, label, -1))


@pytest.mark.parametrize("counts", [[200, 3, 3], [200, 40], [5, 100, 100], [1], [2], [50]])
def test_whatever_the_targets_share_it_is_kept_whole(counts):
    vectors, seconds, label, heads = corpus(counts)
    np.testing.assert_array_equal(given_to(vectors, seconds, heads[:1]) == 0, label == 0)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_the_order_of_the_clips_changes_nothing(seed):
    vectors, seconds, _, heads = corpus([30, 12, 8, 5], seed, spread=0.6)
    order, recording = np.random.default_rng(seed).permutation(55), np.arange(55) // 10
    here = threshold.assign(voices.cluster(vectors, seconds, recording), heads[:2])
    there = threshold.assign(voices.cluster(vectors[order], seconds[order], recording[order]), heads[:2])
    np.testing.assert_array_equal(here[0][order], there[0])
    np.testing.assert_array_equal(here[1][order], there[1])


def made_of(heads: list[list[float]], seconds: list[float], together: list[list[int]]) -> voices.Clusters:
    """Clusters of one clip each."""
    number = np.arange(len(heads))
    unit = voices.unit(np.array(heads, float))
    return voices.Clusters(np.zeros(3), unit, np.array(seconds, float), np.array(together, bool), number, number >= 0)


def test_a_voice_takes_in_what_is_like_it_in_its_recordings_and_elsewhere_only_without_doubt():
    heads = [[1, 0, 0], [0.5, 0, 0.87], [0.5, 0.87, 0], [0.98, 0.2, 0]]
    together = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    members, _ = voices.grow(made_of(heads, [40, 5, 5, 5], together), 0)
    assert members.tolist() == [True, True, False, True]
    members, _ = voices.grow(made_of(heads, [40, 31, 5, 5], together), 0)
    assert members.tolist() == [True, False, False, True]


def test_a_cluster_that_is_nearer_to_another_stays_with_it():
    heads = [[1, 0, 0], [0.6, 0.8, 0], [0.3, 0.954, 0]]
    everywhere = np.ones((3, 3))
    assert voices.grow(made_of(heads, [40, 5, 31], everywhere), 0)[0].tolist() == [True, False, False]
    assert voices.grow(made_of(heads[:2], [40, 5], everywhere[:2, :2]), 0)[0].tolist() == [True, True]
    assert voices.group(made_of(heads, [40, 5, 31], everywhere), np.array([40, 5, 31.0])).tolist() == [0, 1, 1]


def test_what_all_voices_share_is_what_was_measured(data):
    np.testing.assert_allclose(mean_voice.mean(data), voices.mean_voice(), atol=1e-3)


def test_someone_who_is_nowhere_is_not_found():
    vectors, seconds, _, heads = corpus([20, 20, 20, 20])
    for absent in (corpus([1], seed)[3][0] for seed in range(5, 15)):
        _, answer, (verdict,) = threshold.assign(clustered(vectors, seconds), absent[None])
        assert verdict.answer != threshold.CONFIDENT and not (answer == threshold.CONFIDENT).any()


def test_beyond_the_sample_the_rest_joins_the_nearest_voice(monkeypatch):
    vectors, seconds, label, heads = corpus([40, 40, 40])
    monkeypatch.setattr(voices, "SAMPLE", 30)
    monkeypatch.setattr(voices, "BLOCK", 7)
    found = voices.group(clustered(vectors, seconds), seconds)
    assert found.max() == 2
    assert all(len(set(label[found == cluster])) == 1 for cluster in range(3))
    np.testing.assert_array_equal(given_to(vectors, seconds, heads[:1]) == 0, label == 0)


def test_clips_without_any_voice_disturb_nothing():
    vectors, seconds, label, heads = corpus([20, 20])
    vectors[[0, 30]] = 0
    got = given_to(vectors, seconds, heads[:1])
    np.testing.assert_array_equal(np.delete(got == 0, [0, 30]), np.delete(label == 0, [0, 30]))


def test_without_a_target_the_voice_with_most_seconds_is_found_and_its_medoids_are_its_own():
    vectors, seconds, label, _ = corpus([5, 20, 9])
    voice = voices.group(clustered(vectors, seconds), seconds)
    assert voice.max() == 2
    np.testing.assert_array_equal(voice == 0, label == 1)
    members = np.flatnonzero(label == 1)
    chosen = voices.medoids(vectors, seconds, members, 3)
    assert len(chosen) == 3 and set(chosen) <= set(members)
    assert np.all(seconds[chosen] >= np.median(seconds[members]))


def test_a_voice_has_one_gender_and_a_clip_to_hear():
    vectors, seconds, label, _ = corpus([10, 20])
    clips = present.Clips(vectors, seconds, np.zeros(30, int), np.where(label == 0, 0.7, 0.2))
    clips.male[:2] = 0.1
    voice = voices.group(clustered(vectors, seconds), seconds)
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
