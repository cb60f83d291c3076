"""The choice: thresholds, repeats, curves."""

import json

import numpy as np
import pytest

from engines import scores, textmeasures
from pipeline import manifest
from pipeline.rows import Proofread, Reject, Scored, WantedClip
from stages.match import __main__ as match
from stages.report import curves
from stages.select import __main__ as stage
from stages.select import repeats
from stages.select.settings import KNOWN
from tests.conftest import job, row

SCORES = dict.fromkeys(scores.known(), 0.5) | {"clipping": 0.0, "duration": 1.0}
TEXT = {"text": "", "text_normalized": "", "text_source": "", "text_confidence": None, "language": None, "asked": []}
SAID = TEXT | dict.fromkeys(textmeasures.MEASURES)


def clip(number: int, **fields) -> dict:
    return row(WantedClip, start=10.0 * number, end=10.0 * number + 1) | SCORES | SAID | fields


def name(number: int) -> str:
    return clip(number)["id"]


def write(work, clips: list[dict], matches=(), shards: int = 1) -> None:
    """A work folder of which speaker and score told the clips, spread over shards."""
    shard_names = [f"s{number:04d}" for number in range(shards)]
    manifest.write_text(work / "index/shards.json", json.dumps({"shards": shard_names}))
    said = []
    for number, shard in enumerate(shard_names):
        here = clips[number::shards]
        rows = [one | {"answer": one.get("answer", "confident")} for one in here]
        manifest.write(work / f"speaker/{shard}/manifest.jsonl", rows)
        scored = [{key: one[key] for key in SCORES} for one in here]
        facts = [row(Scored, id=one["id"], fingerprint=i) | scored[i] for i, one in enumerate(here)]
        manifest.write(work / f"score/{shard}/manifest.jsonl", facts, Scored)
        said += [row(Proofread, id=one["id"]) | {key: one[key] for key in SAID} for one in rows if sure(one)]
    manifest.write(work / "proofread/manifest.jsonl", said, Proofread)
    manifest.write_text(work / "match/matches.jsonl", "".join(json.dumps(one) + "\n" for one in matches))


def sure(one: dict) -> bool:
    return one["answer"] == "confident"


def chosen(work, clips: list[dict], filters=None, matches=(), keep="one", shards: int = 1, untrusted: str = "drop"):
    """The numbers of the clips that are kept, and the rejects by number."""
    write(work, clips, matches, shards)
    numbers = {one["id"]: number for number, one in enumerate(clips)}
    this = job("select", work, filters=dict.fromkeys(KNOWN) | (filters or {}), keep=keep, untrusted=untrusted)
    stage.select(this)
    kept = manifest.read(this.out / "manifest.jsonl", WantedClip)
    dropped = manifest.read(this.out / "rejects.jsonl", Reject)
    manifest.check_complete([one for one in clips if one.get("answer") != "uncertain"], kept, dropped)
    return sorted(numbers[one["id"]] for one in kept), {numbers[one["id"]]: one for one in dropped}


def pair(first: int, second: int, first_share=0.9, second_share=0.9) -> dict:
    names = {"first": name(first), "second": name(second)}
    return names | {"first_share": first_share, "second_share": second_share}


def test_without_thresholds_all_are_kept(tmp_path):
    assert chosen(tmp_path, [clip(0), clip(1, snr_db=None)]) == ([0, 1], {})
    assert chosen(tmp_path, []) == ([], {})


def test_a_clip_is_dropped_for_each_side_of_a_threshold_and_for_an_unknown_score(tmp_path):
    clips = [clip(0, snr_db=14.9), clip(1, snr_db=15.0), clip(2, snr_db=None), clip(3, clipping=0.02, snr_db=20.0)]
    filters = {"snr_db": {"min": 15, "max": 50}, "clipping": {"max": 0.01}}
    kept, dropped = chosen(tmp_path, clips, filters)
    assert kept == [1]
    assert {number: one["reason"] for number, one in dropped.items()} == {0: "snr_db", 2: "snr_db", 3: "clipping"}
    assert dropped[0]["message"].startswith("snr_db 14.9 is below 15")
    assert "could not be measured" in dropped[2]["message"]


def test_of_repeats_the_first_good_one_stays(tmp_path):
    clips = [clip(0, snr_db=1.0), clip(1), clip(2), clip(3), clip(4)]
    matches = [pair(0, 2), pair(2, 3), pair(0, 3), pair(3, 4, 0.9, 0.1)]
    kept, dropped = chosen(tmp_path, clips, {"snr_db": {"max": 0.6}}, matches)
    assert kept == [1, 2, 4]
    assert {number: one["reason"] for number, one in dropped.items()} == {0: "snr_db", 3: "repeat"}
    assert name(2) in dropped[3]["message"]
    assert chosen(tmp_path, clips, matches=matches, keep="none")[0] == [1, 4]
    assert chosen(tmp_path, clips, matches=matches, keep="all")[0] == [0, 1, 2, 3, 4]


def test_a_clip_that_returns_in_a_longer_one_goes_and_the_longer_one_stays():
    inside = [pair(0, 1, 0.9, 0.1)]
    names = [name(number) for number in range(2)]
    for keep in ("one", "none"):
        assert repeats.dropped(names, inside, keep) == {names[0]: names[1]}
    assert repeats.dropped(names[:1], inside, "one") == {}, "the longer one is not kept, so this one is no repeat"


def test_facts_are_joined_by_id_and_only_what_is_confident_counts(tmp_path):
    """Three shards; an uncertain clip was scored to be looked at, and its seconds are a reject of the speaker stage."""
    clips = [clip(0), clip(1, answer="uncertain"), clip(2, snr_db=0.1), clip(3), clip(4)]
    kept, dropped = chosen(tmp_path, clips, {"snr_db": {"min": 0.2}}, [pair(1, 4)], shards=3)
    assert kept == [0, 3, 4] and set(dropped) == {2}
    rows = manifest.read(tmp_path / "select/manifest.jsonl", WantedClip)
    assert all(one["snr_db"] == 0.5 and one["speaker"] == "voice1" for one in rows)


def test_a_clip_that_score_rejected_is_no_more_missed(tmp_path):
    write(tmp_path, [clip(0), clip(1)])
    facts = tmp_path / "score/s0000/manifest.jsonl"
    manifest.write(facts, manifest.read(facts, Scored)[:1], Scored)
    assert [one["id"] for one in stage.wanted(tmp_path)] == [name(0)]


def test_a_text_that_is_not_to_be_trusted_drops_its_clip_or_goes_alone(tmp_path):
    good, doubtful = {"text": "Said.", "asked": ["captions"]}, {"text": "Sad.", "asked": ["captions"]}
    clips = [
        clip(0, **good, text_disagrees=0.1),
        clip(1, **doubtful, text_disagrees=0.9),
        clip(2, asked=["captions", "whisper"]),
        clip(3),  # no engine was on: it needs no text
        clip(4, **good),  # nothing was measured, so nothing speaks against it
    ]
    filters = {"text_disagrees": {"max": 0.5}}
    kept, dropped = chosen(tmp_path / "drop", clips, filters)
    assert kept == [0, 3, 4]
    assert {number: one["reason"] for number, one in dropped.items()} == {1: "text_disagrees", 2: "text_none"}
    assert dropped[2]["message"] == "captions, whisper gave no text."
    for untrusted, text in (("keep_without_text", ""), ("keep", "Sad.")):
        work = tmp_path / untrusted
        assert chosen(work, clips, filters, untrusted=untrusted) == ([0, 1, 2, 3, 4], {})
        rows = manifest.read(work / "select/manifest.jsonl", WantedClip)
        assert [one["text"] for one in rows] == ["Said.", text, "", "", "Said."]


def test_a_chain_of_repeats_is_one_group():
    matches = [pair(number, number + 1) for number in range(50)]
    names = [name(number) for number in range(51)]
    found = repeats.dropped(names, matches[::-1], "one")
    assert found == dict.fromkeys(names[1:], names[0])


def test_matches_are_found_and_read_back(tmp_path):
    random = np.random.default_rng(0)
    hashes = np.unique(random.integers(0, 1 << 32, 300).astype(np.uint32))
    frames = np.sort(random.integers(0, 100, len(hashes))).astype(np.uint16)
    (tmp_path / "score").mkdir()
    count = len(hashes)
    np.savez(
        tmp_path / "score/r.npz",
        hashes=np.concatenate([hashes, hashes[:5], hashes]),
        frames=np.concatenate([frames, frames[:5], frames]),
        bounds=[0, count, count + 5, 2 * count + 5],
    )
    places = [(0.0, 1.0), (5.0, 6.0), (10.0, 12.0)]
    ids = [row(WantedClip, start=start, end=end)["id"] for start, end in places]
    facts = [row(Scored, id=one, fingerprints="score/r.npz", fingerprint=i) for i, one in enumerate(ids)]
    (pair_found,) = match.find(match.Prints(facts, tmp_path), tmp_path)
    assert (pair_found["first"], pair_found["second"]) == (ids[0], ids[2])
    assert pair_found["second_share"] == pytest.approx(pair_found["first_share"] / 2, abs=0.001)


def test_curves_are_the_hours_that_a_threshold_keeps(monkeypatch):
    monkeypatch.setattr(curves, "BLOCK", 7)
    random = np.random.default_rng(0)
    values = np.append(random.uniform(-20, 70, 40), [0.0, 60.0, -10.0])
    long = {"start": 0.0, "end": 36.0}
    clips = [clip(number) | long | {"snr_db": float(value)} for number, value in enumerate(values)]
    clips.append(clip(99, snr_db=None) | long)
    curve = curves.curves(iter(clips))["snr_db"]
    np.testing.assert_allclose(curve.at_least, [0.01 * np.sum(values >= edge) for edge in curve.thresholds])
    np.testing.assert_allclose(curve.at_most, [0.01 * np.sum(values <= edge) for edge in curve.thresholds])
    assert curve.unknown == pytest.approx(0.01)
    assert set(curves.curves([])) == set(scores.known())
