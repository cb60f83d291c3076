"""The loop of every stage: resumed after a cut, nothing lost, what was left behind taken away."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from pipeline import manifest, run
from pipeline.errors import Reject, VoxsieveError
from pipeline.rows import NormalizedClip, Recording
from pipeline.rows import Reject as RejectRow
from tests.conftest import ROOT, job, row


@pytest.fixture
def work(tmp_path):
    """A work folder with four recordings."""
    for number in range(4):
        (tmp_path / f"{number}.wav").write_bytes(b"sound")
    return tmp_path


INPUTS = [row(Recording, id=f"r{i:06d}", source=f"{i}.wav", path=f"{i}.wav") for i in range(4)]


def keep(rows):
    return [one | {"parent_id": one["id"]} for one in rows], []


def do(work, process, inputs=INPUTS, beside=None, **settings):
    this = job("separate", work, **settings)
    run.run_shard(this, inputs, process, Recording, beside or {})
    return manifest.read(this.out / "manifest.jsonl", Recording), manifest.read(this.out / "rejects.jsonl", RejectRow)


def test_a_failure_is_a_reject_and_the_run_goes_on(work):
    def process(rows):
        if rows[0]["id"] == "r000001":
            raise Reject("undecodable", "Two\nlines.")
        if rows[0]["id"] == "r000002":
            raise ZeroDivisionError("by zero")
        return keep(rows)

    rows, rejects = do(work, process)
    assert [one["id"] for one in rows] == ["r000000", "r000003"]
    assert [(one["id"], one["reason"], one["message"]) for one in rejects] == [
        ("r000001", "undecodable", "Two lines."),
        ("r000002", "error", "ZeroDivisionError: by zero"),
    ]
    shutil.rmtree(work / "separate")
    with pytest.raises(VoxsieveError, match="2 of 4 recordings failed, more than max_failed_fraction 0.4 allows"):
        do(work, process, max_failed_fraction=0.4)
    assert not (work / "separate/s0000/manifest.jsonl").exists()


def interrupted_at(recording: str):
    """A process that is cut off when it comes to a recording."""

    def process(rows):
        if rows[0]["id"] == recording:
            raise KeyboardInterrupt
        return keep(rows)

    return process


def test_a_stage_that_was_cut_off_takes_up_where_it_was(work):
    seen = []

    def cut(rows):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(rows[0]["id"])
        return keep(rows)

    with pytest.raises(KeyboardInterrupt):
        do(work, cut)
    out = work / "separate/s0000"
    assert not (out / "manifest.jsonl").exists()
    # A partial result that was torn is no result.
    (out / "partial" / "r000001.json").write_text('{"rows": [')
    again = []

    def process(rows):
        again.append(rows[0]["id"])
        return keep(rows)

    rows, _ = do(work, process)
    assert again == ["r000001", "r000002", "r000003"]
    assert len(rows) == 4 and not (out / "partial").exists() and not (out / "progress.json").exists()


@pytest.mark.parametrize(("settings", "count"), [({"accompaniment": True}, 4), ({"threads": 1}, 1)])
def test_other_settings_take_up_nothing_but_those_that_change_no_result(work, settings, count):
    with pytest.raises(KeyboardInterrupt):
        do(work, interrupted_at("r000003"))
    again = []
    do(work, lambda rows: (again.append(rows[0]["id"]), keep(rows))[1], **settings)
    assert len(again) == count


def test_another_input_takes_up_nothing(work):
    with pytest.raises(KeyboardInterrupt):
        do(work, interrupted_at("r000003"))
    again = []
    changed = [INPUTS[0] | {"peak": 0.25}, *INPUTS[1:]]
    do(work, lambda rows: (again.append(rows[0]["id"]), keep(rows))[1], changed)
    assert again == ["r000000", "r000003"]


def test_what_lies_beside_a_recording_and_has_changed_takes_up_nothing_of_it(work):
    with pytest.raises(KeyboardInterrupt):
        do(work, interrupted_at("r000002"), beside={"r000000": ["old"], "r000001": ["same"]})
    again = []
    do(
        work,
        lambda rows: again.append(rows[0]["id"]) or keep(rows),
        beside={"r000000": ["new"], "r000001": ["same"]},
    )
    assert again == ["r000000", "r000002", "r000003"]


def test_what_a_stage_loses_is_an_error(work):
    with pytest.raises(VoxsieveError, match="r000000 .* is not accounted for"):
        do(work, lambda rows: ([], []))


def test_partial_results_are_json_with_a_key_and_progress_is_told(work):
    def cut(rows):
        if rows[0]["id"] == "r000001":
            raise KeyboardInterrupt
        return keep(rows)

    with pytest.raises(KeyboardInterrupt):
        do(work, cut)
    out = work / "separate/s0000"
    outcome = json.loads((out / "partial" / "r000000.json").read_text())
    assert set(outcome) == {"rows", "rejects", "failed", "key"}
    assert json.loads((out / "progress.json").read_text()) == {"done": 1.0, "seconds": 4.0, "rejects": 0}


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline import audio, manifest
with audio.writing(Path(sys.argv[1]) / "r000000.flac", 44100, 1) as out:
    out.write([0.1] * 44100)
    with manifest.writing(Path(sys.argv[1]) / "manifest.jsonl") as add:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_unfinished_is_taken_away(work):
    out = work / "separate/s0000"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    answer = subprocess.run([sys.executable, "-c", KILLED, str(out)], env=environment)
    assert answer.returncode == -9
    left = {path.name for path in out.iterdir()}
    assert len(left) == 2 and all(".partial" in name for name in left)
    (out / "r000001").mkdir()
    (out / "r000001" / "c.123.partial.wav").touch()
    do(work, keep)
    assert not list(out.rglob("*.partial*"))


def test_one_torn_clip_costs_one_clip(work):
    clips = [row(NormalizedClip, path="0.wav", start=float(i), end=i + 0.5) for i in range(3)]

    def measure(clip):
        if clip is clips[1]:
            raise ValueError("torn")
        return clip["start"]

    this = job("embed", work)
    this.out.mkdir(parents=True)
    heard, rejects = run.per_clip(this, clips, measure, 2)
    assert [(clip["id"], value) for clip, value in heard] == [(clips[0]["id"], 0.0), (clips[2]["id"], 2.0)]
    assert [(one["id"], one["reason"], one["message"]) for one in rejects] == [
        (clips[1]["id"], "error", "ValueError: torn")
    ]
