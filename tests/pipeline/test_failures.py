"""Whose fault it is: too many failures stop a stage, and what may pass is no verdict about a recording."""

import errno
import json
import os
import signal
import subprocess
import sys

import pytest

from pipeline import audio, ffmpeg, manifest, run, verdict
from pipeline.errors import ConfigError, ModelError, Reject, VoxsieveError
from pipeline.rows import Recording
from tests.conftest import ROOT, job, row


def recordings(work, shard: int, count: int = 3) -> list[dict]:
    """Recordings of a shard, their files written."""
    rows = []
    for number in range(shard * count, shard * count + count):
        (work / f"{number}.wav").write_bytes(b"sound")
        rows.append(row(Recording, id=f"r{number:06d}", source=f"{number}.wav", path=f"{number}.wav"))
    return rows


@pytest.fixture
def work(tmp_path):
    """A work folder whose index has nine recordings in three shards."""
    manifest.write_text(tmp_path / "index/shards.json", json.dumps({"shards": [], "recordings": 9}))
    return tmp_path


def keep(rows):
    return [one | {"parent_id": one["id"]} for one in rows], []


def fail(rows):
    raise ValueError("no sound")


def do(work, process, shard: int, count: int = 3, **settings):
    run.run_shard(
        job("separate", work, f"s{shard:04d}", **settings), recordings(work, shard, count), process, Recording
    )


def test_every_shard_that_failed_wholly_stops_its_job(work):
    """On a GPU without memory each of three shards of a corpus of nine fails as a whole: none of them is done."""
    for shard in range(3):
        with pytest.raises(VoxsieveError, match="3 of [39] recordings failed, more than max_failed_fraction 0.5"):
            do(work, fail, shard)
        assert not (work / f"separate/s{shard:04d}/manifest.jsonl").exists()
        manifest.write_text(work / f"separate/s{shard:04d}/failed.json", "{}")  # each judged for itself


def test_failures_are_judged_over_all_shards_too(work):
    """One recording in each shard of two: no shard says much, all of them together do."""
    manifest.write_text(work / "index/shards.json", json.dumps({"shards": [], "recordings": 6}))

    def fail_the_first(rows):
        return fail(rows) if int(rows[0]["id"][1:]) % 2 == 0 else keep(rows)

    for shard in (0, 1):
        do(work, fail_the_first, shard, 2, max_failed_fraction=0.4)
    with pytest.raises(
        VoxsieveError, match="separate: 3 of 6 recordings failed.*The last: 4.wav: ValueError: no sound"
    ):
        do(work, fail_the_first, 2, 2, max_failed_fraction=0.4)


def test_failures_that_were_mended_count_no_more(work):
    manifest.write_text(work / "index/shards.json", json.dumps({"shards": [], "recordings": 4}))
    do(work, lambda rows: fail(rows) if rows[0]["id"] == "r000000" else keep(rows), 0, 2)
    do(work, keep, 0, 2)
    do(work, lambda rows: fail(rows) if rows[0]["id"] == "r000002" else keep(rows), 1, 2, max_failed_fraction=0.25)


def test_small_shards_that_failed_wholly_are_tried_again(work):
    """Three shards of one recording each fail: the second stops the stage, and the first is not done any more."""
    manifest.write_text(work / "index/shards.json", json.dumps({"shards": [], "recordings": 3}))
    do(work, fail, 0, 1)
    assert (work / "separate/s0000/manifest.jsonl").exists()  # one of three may be broken
    with pytest.raises(VoxsieveError, match="2 of 3 recordings failed"):
        do(work, fail, 1, 1)
    assert not list(work.glob("separate/*/manifest.jsonl"))
    for shard in range(3):
        do(work, keep, shard, 1)
        assert len(manifest.read(work / f"separate/s{shard:04d}/manifest.jsonl", Recording)) == 1


def test_a_single_broken_recording_stops_no_small_shard(work):
    do(work, fail, 0, 1)
    (dropped,) = manifest.lines(work / "separate/s0000/rejects.jsonl")
    assert (dropped["reason"], dropped["message"]) == ("error", "ValueError: no sound")


def runtime_error():
    """An error of ONNX Runtime's own, by the real library."""
    import onnxruntime

    try:
        onnxruntime.InferenceSession(b"no model")
    except Exception as error:
        return error


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("wrong"),
        ModelError("No weights."),
        MemoryError(),
        OSError(errno.ENOSPC, "No space left"),
        OSError(errno.EIO, "Input/output error"),
        ImportError("libcudart.so.12 cannot be loaded"),
        runtime_error(),
    ],
)
def test_what_may_pass_stops_the_job_and_leaves_no_verdict(work, error):
    def process(rows):
        raise error

    with pytest.raises((VoxsieveError, MemoryError)):
        do(work, process, 0, max_failed_fraction=1.0)
    out = work / "separate/s0000"
    assert not (out / "manifest.jsonl").exists() and not (out / "rejects.jsonl").exists()
    assert not list((out / "partial").glob("*"))
    do(work, keep, 0)  # the plain command tries again
    assert len(manifest.read(out / "manifest.jsonl")) == 3


def killed_child(rows):
    """A child that decodes this recording is killed, as the kernel does where memory is short."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    os.kill(child.pid, signal.SIGKILL)
    ffmpeg.check_status(child.wait(), rows[0]["path"], "ffmpeg")


def test_a_child_killed_by_a_signal_is_no_verdict(work):
    with pytest.raises(VoxsieveError, match="ffmpeg was ended by signal 9 while it read .*: run again"):
        do(work, killed_child, 0, max_failed_fraction=1.0)
    assert not (work / "separate/s0000/rejects.jsonl").exists()


KILLS = """#!{python}
import os, signal, sys, time
sys.stdout.buffer.write(bytes(4 * 44100))
sys.stdout.flush()
os.kill(os.getpid(), signal.{name})
time.sleep(60)
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_an_ffmpeg_that_is_killed_while_it_gives_sound_is_no_end_of_the_recording(tmp_path, wav, monkeypatch, name):
    """What came before the signal is not taken for the whole."""
    program = tmp_path / "ffmpeg"
    program.write_text(KILLS.format(python=sys.executable, name=name))
    program.chmod(0o755)
    path = wav("a.wav", [0.1] * 44100)
    monkeypatch.setattr(ffmpeg, "find", lambda _: str(program))
    with pytest.raises(VoxsieveError, match="ffmpeg was ended by signal"):
        list(audio.Decoding(path, 44100, 1))


def test_a_second_attempt_that_succeeds_is_no_failure(work):
    tries = []

    def flaky(rows):
        tries.append(rows[0]["id"])
        return fail(rows) if tries.count(rows[0]["id"]) == 1 else keep(rows)

    do(work, flaky, 0, max_failed_fraction=0.0)
    assert len(tries) == 6
    assert len(manifest.read(work / "separate/s0000/manifest.jsonl")) == 3
    assert not list(manifest.lines(work / "separate/s0000/rejects.jsonl"))


def test_an_input_that_went_away_is_no_fault_of_the_recording(work):
    def process(rows):
        (work / rows[0]["path"]).unlink(missing_ok=True)
        raise Reject("undecodable", "Nothing is there.")

    with pytest.raises(VoxsieveError, match="0.wav cannot be read now .*: bring its disk back, then run again"):
        do(work, process, 0, max_failed_fraction=1.0)
    assert not (work / "separate/s0000/rejects.jsonl").exists()


def test_a_folder_without_room_is_no_fault_of_the_recording(tmp_path):
    with pytest.raises(VoxsieveError, match="cannot be written .*: make room, then run again"):
        verdict.check_room(tmp_path / "gone")


def test_a_failure_without_words_is_told_by_its_place(work):
    def process(rows):
        raise ValueError

    do(work, process, 0, 1)
    (dropped,) = manifest.lines(work / "separate/s0000/rejects.jsonl")
    assert dropped["message"].startswith("ValueError: in test_failures.py, line ")


LOADER = """
import sys, time
from pathlib import Path
from pipeline import lock
with lock.alone(Path(sys.argv[1])):
    print("holds", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def test_a_job_waits_for_one_that_outlived_its_snakemake(tmp_path):
    """Two real processes in one folder, one after the other."""

    def start(seconds):
        command = [sys.executable, "-c", LOADER, str(tmp_path), str(seconds)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, **pipes)

    first = start(60)
    assert first.stdout.readline() == "holds\n"
    second = start(0)
    assert second.stderr.readline().startswith("waiting for another job that works in")
    assert second.poll() is None
    first.kill()
    first.communicate()
    said, _ = second.communicate(timeout=60)
    assert said == "holds\n" and second.returncode == 0
