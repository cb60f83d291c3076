"""Clustering and choosing voices on made-up embeddings, where the truth is known."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import mean_voice
from pipeline import manifest
from pipeline.rows import Embedded, NormalizedClip, Reject
from stages.reference import doubts
from stages.speaker import __main__ as speaker
from stages.speaker import choice as choices
from stages.speaker import clusters, present, threshold, voices
from tests.conftest import row


def corpus(counts: list[int], seed: int = 0, spread: float = 0.25):
    """Unit embeddings around random voices that share what Resemblyzer's share."""
    rng = np.random.default_rng(seed)
    heads = clusters.unit(clusters.mean_voice() + 0.64 / 16 * rng.standard_normal((len(counts), 256)))
    label = np.repeat(np.arange(len(counts)), counts)
    noise = rng.standard_normal((len(label), 256)) * spread / 16
    vectors = clusters.unit(heads[label] + noise)
    return vectors, rng.uniform(1.5, 8, len(label)), label, heads


def clustered(vectors, seconds):
    """A recording for every ten clips."""
    return clusters.cluster(vectors, seconds, np.arange(len(vectors)) // 10)


def voices_of(vectors, seconds):
    """The voice of every clip."""
    found = clustered(vectors, seconds)
    return voices.group(found)[found.of]


def assigned(found, targets):
    """Choice, answer and verdicts for clusters."""
    return threshold.assign(found, voices.group(found), targets)


def given_to(vectors, seconds, targets):
    """For every clip the index of the target that it is surely of, or -1."""
    choice, answer, _ = assigned(clustered(vectors, seconds), targets)
    return np.where(answer == threshold.CONFIDENT, choice, -1)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(4, 30), min_size=4, max_size=8), st.integers(0, 1000))
def test_voices_that_are_apart_are_found_and_given_to_their_target(counts, seed):
    vectors, seconds, label, heads = corpus(counts, seed)
    found = voices_of(vectors, seconds)
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
    here = assigned(clusters.cluster(vectors, seconds, recording), heads[:2])
    there = assigned(clusters.cluster(vectors[order], seconds[order], recording[order]), heads[:2])
    np.testing.assert_array_equal(here[0][order], there[0])
    np.testing.assert_array_equal(here[1][order], there[1])


def made_of(heads: list[list[float]], seconds: list[float], together: list[list[int]]) -> clusters.Clusters:
    """Clusters of one clip each."""
    number = np.arange(len(heads))
    unit = clusters.unit(np.array(heads, float))
    return clusters.Clusters(
        np.zeros(len(heads[0])), unit, np.array(seconds, float), np.array(together, bool), number, number >= 0
    )


def test_a_voice_takes_in_what_is_like_it_in_its_recordings_and_elsewhere_only_without_doubt():
    heads = [[1, 0, 0], [0.5, 0, 0.87], [0.5, 0.87, 0], [0.98, 0.2, 0]]
    together = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert voices.group(made_of(heads, [40, 5, 5, 5], together)).tolist() == [0, 0, 1, 0]
    assert voices.group(made_of(heads, [40, 30, 5, 5], together)).tolist() == [0, 1, 2, 0]


def test_a_cluster_that_is_nearer_to_another_stays_with_it():
    heads = [[1, 0, 0], [0.6, 0.8, 0], [0.3, 0.954, 0]]
    everywhere = np.ones((3, 3))
    assert voices.group(made_of(heads, [40, 5, 31], everywhere)).tolist() == [0, 1, 1]
    assert voices.group(made_of(heads[:2], [40, 5], everywhere[:2, :2])).tolist() == [0, 0]


def test_a_target_is_given_whole_voices_and_another_one_only_where_it_is_like_that_itself():
    heads = [[1, 0, 0], [0.25, 0.97, 0], [0.25, 0, 0.97]]
    found = made_of(heads, [40, 5, 5], np.ones((3, 3)))
    assert voices.group(found).tolist() == [0, 1, 2]
    _, answer, _ = assigned(found, clusters.unit(np.array([[0.87, 0.5, 0.1]])))
    assert answer.tolist() == [threshold.CONFIDENT, threshold.CONFIDENT, threshold.REJECTED]
    _, answer, _ = assigned(found, clusters.unit(np.array([[1, 0.05, 0.05]])))
    assert answer.tolist() == [threshold.CONFIDENT, threshold.REJECTED, threshold.REJECTED]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_all_clips_of_a_listed_voice_get_one_answer(seed):
    vectors, seconds, _, heads = corpus([30, 12, 8, 5], seed, spread=0.7)
    found = clustered(vectors, seconds)
    voice = voices.group(found)[found.of]
    choice, answer, _ = assigned(found, heads[:2])
    assert len({*zip(voice, choice, answer, strict=True)}) == len({*voice})


def test_what_all_voices_share_is_what_was_measured(data):
    np.testing.assert_allclose(mean_voice.mean(data), clusters.mean_voice(), atol=1e-3)


def test_someone_who_is_nowhere_is_not_found():
    vectors, seconds, _, heads = corpus([20, 20, 20, 20])
    for absent in (corpus([1], seed)[3][0] for seed in range(5, 15)):
        _, answer, (verdict,) = assigned(clustered(vectors, seconds), absent[None])
        assert verdict.answer != threshold.CONFIDENT and not (answer == threshold.CONFIDENT).any()


def test_beyond_the_sample_the_rest_joins_the_nearest_voice(monkeypatch):
    vectors, seconds, label, heads = corpus([40, 40, 40])
    monkeypatch.setattr(clusters, "SAMPLE", 30)
    monkeypatch.setattr(clusters, "BLOCK", 7)
    found = voices_of(vectors, seconds)
    assert found.max() == 2
    assert all(len(set(label[found == cluster])) == 1 for cluster in range(3))
    np.testing.assert_array_equal(given_to(vectors, seconds, heads[:1]) == 0, label == 0)


def test_a_rare_voice_of_short_clips_is_found_beyond_the_sample(monkeypatch):
    vectors, seconds, label, heads = corpus([60, 60, 60, 15])
    monkeypatch.setattr(clusters, "SAMPLE", 40)
    seconds[label == 3] = 1.6
    np.testing.assert_array_equal(given_to(vectors, seconds, heads[3:]) == 0, label == 3)


def test_beyond_the_sample_too_the_order_of_the_clips_changes_nothing(monkeypatch):
    vectors, seconds, _, heads = corpus([40, 30, 20, 10], spread=0.7)
    monkeypatch.setattr(clusters, "SAMPLE", 25)
    seconds, recording = seconds.round(), np.arange(100) // 10
    order = np.random.default_rng(1).permutation(100)
    here = assigned(clusters.cluster(vectors, seconds, recording), heads[:2])
    there = assigned(clusters.cluster(vectors[order], seconds[order], recording[order]), heads[:2])
    np.testing.assert_array_equal(here[1][order], there[1])
    assert len(set(here[1])) > 1


def judged(cosines: list[float], seconds: list[float]) -> threshold.Verdict:
    """The verdict on a target, held against voices of these cosines that are of recordings of their own."""
    heads = [[cosine, *np.sqrt(1 - cosine**2) * np.eye(3)[i]] for i, cosine in enumerate(cosines)]
    found = made_of(heads, seconds, np.eye(len(cosines)).tolist())
    return assigned(found, np.array([[1.0, 0, 0, 0]]))[2][0]


@pytest.mark.parametrize(
    ("cosines", "seconds", "answer"),
    [
        ([threshold.SURE + 0.01, 0.74], [20, 20], threshold.CONFIDENT),  # near beyond doubt, whoever else is near
        ([threshold.SURE - 0.01, 0.74], [20, 20], threshold.UNCERTAIN),
        ([threshold.LIKELY + 0.01, threshold.LIKELY - threshold.MARGIN], [20, 20], threshold.CONFIDENT),
        ([threshold.LIKELY + 0.01, threshold.LIKELY - threshold.MARGIN + 0.02], [20, 20], threshold.UNCERTAIN),
        ([threshold.LIKELY - 0.01, -0.9], [20, 20], threshold.UNCERTAIN),
        ([threshold.LIKELY + 0.01], [20], threshold.CONFIDENT),  # the only voice there is
        ([threshold.POSSIBLE + 0.01, 0.0], [20, 20], threshold.UNCERTAIN),
        ([threshold.POSSIBLE - 0.01, 0.0], [20, 20], threshold.REJECTED),
        ([threshold.SURE + 0.01, 0.2], [threshold.CORE_SECONDS - 0.1, 20], threshold.REJECTED),  # too little for a core
        ([threshold.SURE + 0.01, 0.2], [threshold.CORE_SECONDS + 0.1, 20], threshold.CONFIDENT),
        ([0.6, 0.5], [20, threshold.CORE_SECONDS - 0.1], threshold.CONFIDENT),  # too little to be another voice
    ],
)
def test_a_target_is_found_where_its_core_is_near_or_ahead(cosines, seconds, answer):
    assert judged(cosines, seconds).answer == answer


def test_a_cluster_that_two_targets_claim_goes_to_the_nearer_and_far_clips_are_uncertain():
    heads = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0]])
    found = made_of(heads.tolist(), [20, 20], np.eye(2).tolist())
    targets = np.array([[1, 0.3, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0.2]])
    found = replace(found, within=np.array([True, False]))
    choice, answer, verdicts = assigned(found, clusters.unit(targets))
    assert choice.tolist() == [1, 2] and answer.tolist() == [threshold.CONFIDENT, threshold.UNCERTAIN]
    assert [verdict.answer for verdict in verdicts] == [threshold.CONFIDENT] * 3


def fabricate(work, vectors, seconds, voiced):
    """What the speaker stage reads, of one recording."""
    (work / "index").mkdir(parents=True)
    (work / "index/shards.json").write_text('{"shards": ["s0000"]}')
    (work / "wavs").mkdir()
    clips, facts = [], []
    for i, (length, heard) in enumerate(zip(seconds.round(3).tolist(), voiced, strict=True)):
        (work / f"wavs/c{i:03d}.wav").write_bytes(b"")
        clips.append(row(NormalizedClip, id=f"c{i:03d}", path=f"wavs/c{i:03d}.wav", end=length, label="female"))
        fact = {"embeddings": "one.npz", "embedding": i, "voiced_seconds": length * heard}
        facts.append(row(Embedded, id=f"c{i:03d}", **fact))
    np.savez(work / "one.npz", vectors=vectors * np.array(voiced)[:, None])
    manifest.write(work / "normalize/s0000/manifest.jsonl", clips, NormalizedClip)
    manifest.write(work / "embed/s0000/manifest.jsonl", facts, Embedded)


def test_clips_without_a_voice_are_nobodys_and_count_nowhere(tmp_path):
    vectors, seconds, label, _ = corpus([6, 3, 2])
    voiced = [i not in (0, 7) for i in range(11)]
    seconds[[0, 7]] = 1000.0
    fabricate(tmp_path, vectors, seconds, voiced)
    out = tmp_path / "speaker"
    speaker.process(tmp_path, out, None, "auto", "keep", 0)
    kept = list(manifest.lines(out / "s0000/manifest.jsonl"))
    assert {one["answer"] for one in kept} == {"confident"}
    assert [one["speaker"] for one in kept] == [f"voice{label[i] + 1}" for i in range(11) if voiced[i]]
    assert [one["reason"] for one in manifest.read(out / "rejects.jsonl", Reject)] == ["no_voice"] * 2
    table = list(csv.DictReader((out / "speakers.csv").open()))
    assert [one["clips"] for one in table] == ["5", "2", "2"] and float(table[0]["seconds"]) < 1000
    assert {path.name for path in (out / "references").iterdir()} == {"voice1", "voice2", "voice3"}


@pytest.mark.parametrize("targets", [True, False])
def test_a_corpus_in_which_nobody_speaks_is_told(tmp_path, targets):
    vectors, seconds, _, heads = corpus([3])
    fabricate(tmp_path, vectors, seconds, [False] * 3)
    path = tmp_path / "references.npz" if targets else None
    if targets:
        np.savez(path, names=np.array(["anna"]), vectors=heads, doubts=np.array([""]))
    speaker.process(tmp_path, tmp_path / "speaker", path, "auto", "keep", 1)
    assert len(manifest.read(tmp_path / "speaker/rejects.jsonl", Reject)) == 3
    table = list(csv.DictReader((tmp_path / "speaker/targets.csv").open()))
    assert [(one["target"], one["answer"]) for one in table] == ([("anna", "rejected")] if targets else [])


def test_without_a_target_the_voice_with_most_seconds_is_found_and_its_medoids_are_its_own():
    vectors, seconds, label, _ = corpus([5, 20, 9])
    voice = voices_of(vectors, seconds)
    assert voice.max() == 2
    np.testing.assert_array_equal(voice == 0, label == 1)
    members = np.flatnonzero(label == 1)
    chosen = voices.medoids(vectors, seconds, members, 3)
    assert len(chosen) == 3 and set(chosen) <= set(members)
    assert np.all(seconds[chosen] >= np.median(seconds[members]))


def test_a_voice_has_one_gender_and_a_clip_to_hear():
    vectors, seconds, label, _ = corpus([10, 20])
    males, start = np.where(label == 0, 0.7, 0.2), np.arange(30.0)
    clips = present.Clips(np.arange(30), vectors, seconds, np.zeros(30, int), males, start, start + 1, ["0" * 64])
    clips.male[:2] = 0.1
    voice = voices_of(vectors, seconds)
    answer, whose = np.full(30, threshold.CONFIDENT), np.zeros(30, int)
    targets = np.zeros((1, vectors.shape[1]))
    chosen = choices.Choice(voice, np.zeros(2, int), np.ones(2), whose, answer, whose, ["anna"], targets, [""], [])
    found = present.describe_voices(clips, chosen)
    assert [(one["voice"], one["clips"], one["gender"]) for one in found] == [
        ("v0000", 20, "female"),
        ("v0001", 10, "male"),
    ]
    assert [label[one["typical"][0]] for one in found] == [1, 0]


def test_a_target_that_is_not_surely_found_gets_a_warning():
    absent = threshold.Verdict(threshold.UNCERTAIN, 0.6, 0.1)
    row = present.describe_target("anna", absent, [100.0, 12.0, 0.0], "")
    assert row["answer"] == "uncertain" and "surely anna; 12 s are uncertain" in row["warning"]
    found = threshold.Verdict(threshold.CONFIDENT, 0.9, 0.5)
    assert present.describe_target("anna", found, [0.0, 0.0, 9.0], "")["warning"] == ""
    assert "two" in present.describe_target("anna", found, [0.0, 0.0, 9.0], "two voices")["warning"]
    both = present.describe_target("anna", absent, [100.0, 12.0, 0.0], "two voices")["warning"]
    assert "two voices; no voice" in both
    assert "same person" in present.describe_target("anna", found, [0.0, 0.0, 0.0], "")["warning"]
    alone = threshold.Verdict(threshold.CONFIDENT, 0.6, float("inf"))
    told = present.describe_target("anna", alone, [0.0, 0.0, 9.0], "")
    assert "no other voice" in told["warning"] and told["margin"] == ""


def test_a_reference_of_two_voices_is_told():
    heads = np.eye(4, dtype=np.float32)
    steady, mixed = heads[[0, 0, 0, 0, 0]], heads[[0, 1, 0, 1, 0]]
    assert doubts.second_voice(mixed) == pytest.approx(0.4)
    assert doubts.second_voice(heads[[0] * 9 + [1]]) == 0 == doubts.second_voice(heads[:1])
    assert doubts.doubt(heads[[0]], [steady], ["a.wav"]) == ""
    assert "a.wav" in doubts.doubt(heads[[0]], [mixed], ["a.wav"])
    assert "c.wav" in doubts.doubt(heads[[0, 0, 1]], [steady] * 3, ["a.wav", "b.wav", "c.wav"])


@pytest.mark.parametrize(("short_clips", "kept"), [("keep", ["a", "b"]), ("reject", ["a"])])
def test_every_clip_gets_its_answer(short_clips, kept):
    voiced = {"a": 2.0, "b": 1.5, "c": 2.0, "e": 2.0}
    rows = [row(NormalizedClip, id=name, voiced_seconds=seconds, decided="") for name, seconds in voiced.items()]
    sure = threshold.CONFIDENT
    facts = [
        (0, sure, 0.9),
        (0, sure, 0.8),
        (-1, threshold.REJECTED, 0.5),
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
    assert reasons["c"] == "other_speaker" and reasons["e"] == "uncertain"
    assert reasons.get("b") == (None if short_clips == "keep" else "too_short_to_judge")
