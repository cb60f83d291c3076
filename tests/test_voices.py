"""Clustering and choosing voices on made-up embeddings, where the truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages import speaker, voices
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


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(4, 30), min_size=3, max_size=8), st.integers(0, 1000))
def test_voices_that_are_apart_are_found_and_given_to_their_target(counts, seed):
    vectors, seconds, label, heads = corpus(counts, seed)
    found = voices.clusters(vectors, seconds, voices.PLAIN_CUT)
    assert all(len(set(label[found == cluster])) == 1 for cluster in range(found.max() + 1))
    assert np.all(np.diff(np.bincount(found, seconds)) <= 1e-9)
    np.testing.assert_array_equal(voices.assign(vectors, seconds, heads[:2]), np.where(label < 2, label, -1))


@pytest.mark.parametrize("counts", [[200, 3, 3], [200, 40], [5, 100, 100], [1], [2], [50]])
def test_whatever_the_targets_share_it_is_kept_whole(counts):
    vectors, seconds, label, heads = corpus(counts)
    np.testing.assert_array_equal(voices.assign(vectors, seconds, heads[:1]) == 0, label == 0)


def test_beyond_the_sample_the_rest_joins_the_nearest_voice(monkeypatch):
    vectors, seconds, label, _ = corpus([40, 40, 40])
    monkeypatch.setattr(voices, "SAMPLE", 30)
    found = voices.clusters(vectors, seconds, voices.PLAIN_CUT)
    assert found.max() == 2
    assert all(len(set(label[found == cluster])) == 1 for cluster in range(3))


def test_clips_without_any_voice_disturb_nothing():
    vectors, seconds, label, heads = corpus([20, 20])
    vectors[[0, 30]] = 0
    got = voices.assign(vectors, seconds, heads[:1])
    np.testing.assert_array_equal(np.delete(got == 0, [0, 30]), np.delete(label == 0, [0, 30]))


def test_without_a_target_the_voice_with_most_seconds_is_found_and_its_medoids_are_its_own():
    vectors, seconds, label, heads = corpus([5, 20, 9])
    assert voices.most_present(vectors, seconds, 1)[0] @ heads[1] > 0.99
    assert len(voices.most_present(vectors, seconds, 0)) == 3
    members = np.flatnonzero(label == 1)
    chosen = voices.medoids(vectors, seconds, members, 3)
    assert len(chosen) == 3 and set(chosen) <= set(members)
    assert np.all(seconds[chosen] >= np.median(seconds[members]))


@pytest.mark.parametrize(("short_clips", "kept"), [("keep", ["a", "b"]), ("reject", ["a"])])
def test_every_clip_gets_its_answer(short_clips, kept):
    rows = [row(id=name, voiced_seconds=voiced) for name, voiced in zip("abcd", (2.0, 1.5, 2.0, 0.0), strict=True)]
    similarity = np.array([[0.9], [0.8], [0.5], [0.0]])
    found, rejects = speaker.decide(rows, np.array([0, 0, -1, 0]), similarity, ["anna"], short_clips)
    assert [one["id"] for one in found] == kept
    assert found[0]["speaker"] == "anna" and found[0]["similarity"] == 0.9
    reasons = {one["id"]: one["reason"] for one in rejects}
    assert reasons["c"] == "other_speaker" and reasons["d"] == "no_voice"
    assert reasons.get("b") == (None if short_clips == "keep" else "too_short_to_judge")
