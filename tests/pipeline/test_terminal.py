"""What a run shows: hours per stage out of the work folder, time to go, failures in words."""

import io
import json
import logging
from types import SimpleNamespace

from pipeline import manifest, terminal
from pipeline.rows import SCHEMA, Reject


def work_folder(place, seconds: dict[str, float]):
    told = {"shards": list(seconds), "seconds": seconds, "recordings": 2, "rejects": 0, "ignored_files": 0}
    manifest.write_text(place / "index" / "shards.json", json.dumps(told))
    return place


def test_hours_are_those_of_finished_shards_and_of_the_share_of_the_others(tmp_path):
    work = work_folder(tmp_path, {"s0000": 3600.0, "s0001": 7200.0})
    manifest.write_text(work / "separate/s0000/manifest.jsonl", "")
    progress = {"done": 100.0, "seconds": 400.0, "rejects": 3}
    manifest.write_text(work / "separate/s0001/progress.json", json.dumps(progress))
    told = terminal.hours(work)
    assert told["separate"] == {"done": 1.5, "total": 3.0, "rejects": 3}
    assert told["segment"]["done"] == 0
    assert terminal.hours(tmp_path / "nothing") == {}


def test_time_to_go_follows_the_pace():
    assert terminal.time_to_go(done=3.0, total=9.0, begun=1.0, seconds=600.0) == "30:00 to go"
    assert terminal.time_to_go(done=1.0, total=9.0, begun=1.0, seconds=600.0) == ""
    assert terminal.time_to_go(done=9.0, total=9.0, begun=1.0, seconds=600.0) == ""


def record(event: str, **fields) -> logging.LogRecord:
    """One of Snakemake's events, with the fields that it gives: an error tells the job's number, and no wildcards."""
    return logging.makeLogRecord({"msg": "", "levelno": logging.INFO, "event": event} | fields)


def test_without_a_terminal_failures_are_lines_and_progress_is_one(tmp_path):
    work = work_folder(tmp_path, {"s0000": 3600.0})
    whole = {"schema": SCHEMA, "id": "r000000", "recording_id": "r000000", "parent_id": None, "stage": "separate"}
    whole |= {"reason": "error", "message": "It broke.", "source": "a\nb.wav", "start": 0.0, "end": 3600.0}
    part = whole | {"id": "r000001_0_1_out", "recording_id": "r000001", "parent_id": "r000001"}
    manifest.write(work / "separate/s0000/rejects.jsonl", [whole, part], Reject)
    manifest.write_text(work / "separate/s0000/manifest.jsonl", "")
    log = work / "slice.log"
    log.write_text("2026 INFO begun\nTraceback\nerror: slice: no room (disk): make room, then run again.\n")
    stream = io.StringIO()
    board = terminal.Board(work, stream)
    reporter = terminal.Reporter(board)
    reporter.emit(record("job_info", jobid=4, rule_name="separate", wildcards={"shard": "s0000"}))
    reporter.emit(record("job_finished", job_id=4))
    reporter.emit(record("job_info", jobid=5, rule_name="slice", wildcards={"shard": "s0000"}))
    reporter.emit(record("job_error", jobid=5, rule_name="slice", log=[str(log)], levelno=logging.ERROR))
    board.draw()
    said = stream.getvalue().splitlines()
    assert said[0] == "rejected: a b.wav: separate: error: It broke."
    assert said[1] == f"failed: slice s0000: slice: no room (disk): make room, then run again. ({log})"
    assert said[2].endswith("separate 1.00 of 1.00 h") and len(said) == 3


def test_what_cannot_be_told_stops_no_run(tmp_path, capsys):
    """An exception out of a log handler would leave Snakemake waiting for its job for ever."""
    board = terminal.Board(work_folder(tmp_path, {"s0000": 3600.0}), io.StringIO())
    reporter = terminal.Reporter(board)
    manifest.write_text(tmp_path / "separate/s0000/rejects.jsonl", "torn")
    reporter.emit(record("job_info", jobid=4, rule_name="separate", wildcards={"shard": "s0000"}))
    reporter.emit(record("job_finished", job_id=4))
    reporter.emit(record("job_error", levelno=logging.ERROR))
    assert capsys.readouterr().err.count("--- Logging error ---") == 2


def test_a_job_that_found_no_room_for_its_words_is_told_as_that(tmp_path, monkeypatch):
    log = tmp_path / "export.log"
    log.touch()
    assert terminal.last_words([log]) == "see Snakemake's log below"
    monkeypatch.setattr(terminal.shutil, "disk_usage", lambda place: SimpleNamespace(free=4096))
    assert terminal.last_words([log]) == f"no room is left on the disk of {tmp_path}: make room, then run again"
    log.write_text("error: something else\n")
    assert terminal.last_words([log]) == f"something else ({log})"
