"""The choice: thresholds, repeats, curves."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline import filters, manifest
from pipeline.errors import ConfigError, ManifestError
from stages import match, select
from stages.report import curves
from stages.select import repeats
from tests.conftest import row

SCORES = dict.fromkeys(filters.SCORES, 0.5) | {"clipping": 0.0, "duration": 1.0}


def clip(number: int, **fields) -> dict:
    return row(id=f"r000000_{number:06d}", fingerprints="score/r.npz", fingerprint=number) | SCORES | fields


def chosen(tmp_path, clips: list[dict], least=None, greatest=None, matches=(), keep="one"):
    manifest.write(tmp_path / "in.jsonl", clips)
    select.select(
        tmp_path / "in.jsonl", select.Thresholds(least or {}, greatest or {}), list(matches), keep, tmp_path / "out"
    )
    kept = manifest.read(tmp_path / "out/manifest.jsonl")
    dropped = manifest.read(tmp_path / "out/rejects.jsonl", manifest.REJECT)
    manifest.check_complete(clips, kept, dropped)
    return [int(one["id"][-6:]) for one in kept], {int(one["id"][-6:]): one for one in dropped}


def pair(first: int, second: int, first_share=0.9, second_share=0.9) -> dict:
    names = {"first": f"r000000_{first:06d}", "second": f"r000000_{second:06d}"}
    return names | {"first_share": first_share, "second_share": second_share}


def test_without_thresholds_all_are_kept(tmp_path):
    assert chosen(tmp_path, [clip(0), clip(1, snr_db=None)]) == ([0, 1], {})
    assert chosen(tmp_path, []) == ([], {})


def test_a_clip_is_dropped_for_each_side_of_a_threshold_and_for_an_unknown_score(tmp_path):
    clips = [clip(0, snr_db=14.9), clip(1, snr_db=15.0), clip(2, snr_db=None), clip(3, clipping=0.02, snr_db=20.0)]
    kept, dropped = chosen(tmp_path, clips, {"snr_db": 15}, {"clipping": 0.01, "snr_db": 50})
    assert kept == [1]
    assert {number: one["reason"] for number, one in dropped.items()} == {0: "snr_db", 2: "snr_db", 3: "clipping"}
    assert dropped[0]["message"].startswith("snr_db 14.9 is below 15")
    assert "could not be measured" in dropped[2]["message"]


def test_of_repeats_the_first_good_one_stays(tmp_path):
    clips = [clip(0, snr_db=1.0), clip(1), clip(2), clip(3), clip(4)]
    matches = [pair(0, 2), pair(2, 3), pair(0, 3), pair(3, 4, 0.9, 0.1)]
    kept, dropped = chosen(tmp_path, clips, greatest={"snr_db": 0.6}, matches=matches)
    assert kept == [1, 2, 4]
    assert {number: one["reason"] for number, one in dropped.items()} == {0: "snr_db", 3: "repeat"}
    assert "r000000_000002" in dropped[3]["message"]
    assert chosen(tmp_path, clips, matches=matches, keep="none")[0] == [1, 4]
    assert chosen(tmp_path, clips, matches=matches, keep="all")[0] == [0, 1, 2, 3, 4]


def test_a_clip_that_returns_in_a_longer_one_goes_and_the_longer_one_stays():
    inside = [pair(0, 1, 0.9, 0.1)]
    names = [f"r000000_{number:06d}" for number in range(2)]
    for keep in ("one", "none"):
        assert repeats.dropped(names, inside, keep) == {names[0]: names[1]}
    assert repeats.dropped(names[:1], inside, "one") == {}, "the longer one is not kept, so this one is no repeat"


def test_a_chain_of_repeats_is_one_group():
    matches = [pair(number, number + 1) for number in range(50)]
    names = [f"r000000_{number:06d}" for number in range(51)]
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
    found = list(match.find(match.Prints([clip(0), clip(1), clip(2, duration=2.0)], tmp_path), tmp_path))
    assert [(one["first"][-1], one["second"][-1]) for one in found] == [("0", "2")]
    assert found[0]["second_share"] == pytest.approx(found[0]["first_share"] / 2, abs=0.001)
    (tmp_path / "matches.jsonl").write_text("".join(json.dumps(one) + "\n" for one in found))
    assert match.read(tmp_path / "matches.jsonl") == found and match.read(None) == []


@pytest.mark.parametrize("flag, said", [("snr=1", "'snr' is no score"), ("snr_db=loud", "found 'loud'")])
def test_a_flag_that_is_no_threshold_is_told(flag, said):
    with pytest.raises(ConfigError, match=said):
        select.bounds([flag])


def test_filters_of_the_config():
    given = filters.Filters.model_validate({"snr_db": {"min": 15}, "clipping": {"max": 0.01}, "duration": {}})
    assert filters.flags(given) == {"min": ["snr_db=15.0"], "max": ["clipping=0.01"]}
    for wrong in ({"snr": {"min": 1}}, {"snr_db": {"least": 1}}, {"snr_db": {"min": 2, "max": 1}}, {"snr_db": 3}):
        with pytest.raises(ValidationError):
            filters.Filters.model_validate(wrong)


def test_a_streamed_manifest_is_the_one_that_was_written_and_a_bad_line_is_named(tmp_path):
    path = tmp_path / "manifest.jsonl"
    with manifest.writing(path) as add:
        add(clip(0))
        assert not path.exists()
    assert list(manifest.stream(path)) == manifest.read(path) == [clip(0)]
    path.write_text(path.read_text() + "{\n")
    with pytest.raises(ManifestError, match="line 2"):
        list(manifest.stream(path))
    with pytest.raises(ManifestError, match="does not exist"):
        list(manifest.stream(tmp_path / "none.jsonl"))


def test_a_manifest_that_is_cut_off_leaves_the_old_one(tmp_path):
    path = tmp_path / "manifest.jsonl"
    manifest.write(path, [clip(0)])
    with pytest.raises(ManifestError), manifest.writing(path) as add:
        add(clip(1))
        add({"id": "broken"})
    assert manifest.read(path) == [clip(0)] and list(tmp_path.iterdir()) == [path]


def test_curves_are_the_hours_that_a_threshold_keeps(monkeypatch):
    monkeypatch.setattr(curves, "BLOCK", 7)
    random = np.random.default_rng(0)
    values = np.append(random.uniform(-20, 70, 40), [0.0, 60.0, -10.0])
    clips = [clip(number, snr_db=float(value), end=36.0) for number, value in enumerate(values)]
    clips.append(clip(99, snr_db=None, end=36.0))
    curve = curves.curves(iter(clips))["snr_db"]
    np.testing.assert_allclose(curve.at_least, [0.01 * np.sum(values >= edge) for edge in curve.thresholds])
    np.testing.assert_allclose(curve.at_most, [0.01 * np.sum(values <= edge) for edge in curve.thresholds])
    assert curve.unknown == pytest.approx(0.01)
    assert set(curves.curves([])) == set(filters.SCORES)
