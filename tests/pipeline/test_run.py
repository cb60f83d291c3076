"""The loop of every stage: resumed after a cut, nothing lost, stopped where it must."""

import errno
import json

import pytest

from pipeline import manifest, run
from pipeline.errors import ConfigError, Reject, VoxsieveError
from tests.conftest import row

INPUTS = [row(id=f"r{i:06d}", recording_id=f"r{i:06d}", source=f"{i}.wav") for i in range(4)]


def keep(rows):
    return [one | {"parent_id": one["id"]} for one in rows], []


def do(out, process, inputs=INPUTS, settings=None, limit=0.5):
    run.run_shard("stage", inputs, out, process, settings or {}, limit)
    return manifest.read(out / "manifest.jsonl"), manifest.read(out / "rejects.jsonl", manifest.REJECT)


def test_a_failure_is_a_reject_and_the_run_goes_on(tmp_path):
    def process(rows):
        if rows[0]["id"] == "r000001":
            raise Reject("undecodable", "Two\nlines.")
        if rows[0]["id"] == "r000002":
            raise ZeroDivisionError("by zero")
        return keep(rows)

    rows, rejects = do(tmp_path, process)
    assert [one["id"] for one in rows] == ["r000000", "r000003"]
    assert [(one["id"], one["reason"], one["message"]) for one in rejects] == [
        ("r000001", "undecodable", "Two lines."),
        ("r000002", "error", "ZeroDivisionError: by zero"),
    ]
    with pytest.raises(VoxsieveError, match="2 of 4 recordings failed, more than max_failed_fraction 0.4 allows"):
        do(tmp_path / "strict", process, limit=0.4)


def test_a_stage_that_was_cut_off_takes_up_where_it_was(tmp_path):
    seen = []

    def cut(rows):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(rows[0]["id"])
        return keep(rows)

    with pytest.raises(KeyboardInterrupt):
        do(tmp_path, cut)
    assert not (tmp_path / "manifest.jsonl").exists()
    # A partial result that was torn, and one of other settings, are no results.
    (tmp_path / "partial" / "r000001.json").write_text('{"rows": [')
    again = []

    def process(rows):
        again.append(rows[0]["id"])
        return keep(rows)

    rows, _ = do(tmp_path, process)
    assert again == ["r000001", "r000002", "r000003"]
    assert len(rows) == 4 and not (tmp_path / "partial").exists()


def test_other_settings_or_another_input_take_up_nothing(tmp_path):
    def cut(rows):
        if rows[0]["id"] == "r000003":
            raise KeyboardInterrupt
        return keep(rows)

    with pytest.raises(KeyboardInterrupt):
        do(tmp_path, cut, settings={"a": 1})
    done = []
    do(tmp_path, lambda rows: (done.append(rows[0]["id"]), keep(rows))[1], settings={"a": 2})
    assert len(done) == 4


def test_what_a_stage_loses_is_an_error(tmp_path):
    with pytest.raises(VoxsieveError, match="r000000 .* is not accounted for"):
        do(tmp_path, lambda rows: ([], []))


@pytest.mark.parametrize("error", [ConfigError("wrong"), MemoryError(), OSError(errno.ENOSPC, "No space left")])
def test_wrong_settings_no_memory_and_a_full_disk_stop_the_job(tmp_path, error):
    def process(rows):
        raise error

    with pytest.raises((VoxsieveError, MemoryError)):
        do(tmp_path, process)
    assert not (tmp_path / "manifest.jsonl").exists()


def test_partial_results_are_json_with_a_key(tmp_path):
    def cut(rows):
        if rows[0]["id"] == "r000001":
            raise KeyboardInterrupt
        return keep(rows)

    with pytest.raises(KeyboardInterrupt):
        do(tmp_path, cut)
    outcome = json.loads((tmp_path / "partial" / "r000000.json").read_text())
    assert set(outcome) == {"rows", "rejects", "failed", "key"}
