"""Faults of the machine, met by a stage's own program: a sentence, no verdict about the recording, then it is done.

A real disk that is full, a real ffmpeg that is killed, real limits of memory and permissions: separate on 14 s of talk.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile

from pipeline import manifest, rows
from tests.conftest import ROOT, bound, program

SEPARATE = ["stages.separate", "--shard", "s0000", "--max-failed-fraction", "1", "--work"]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory, short_speech):
    """A folder with the talk in input/ and its index in work/."""
    folder = tmp_path_factory.mktemp("indexed")
    (folder / "input").mkdir()
    shutil.copy(short_speech / "talk.wav", folder / "input")
    program("stages.index", "--work", folder / "work", "--input", folder / "input")
    return folder


@pytest.fixture
def place(indexed, tmp_path):
    """A copy of it: the paths in its manifests are relative."""
    shutil.copytree(indexed, tmp_path / "place")
    return tmp_path / "place"


def refused(place: Path, said: str, before=None) -> None:
    """separate ends with a sentence that has `said` in it, and leaves neither rows nor rejects."""
    command = [sys.executable, "-m", *SEPARATE, str(place / "work")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    answer = subprocess.run(command, capture_output=True, text=True, env=environment, preexec_fn=before)
    check(place, answer.returncode, answer.stderr, said)


def check(place: Path, status: int, stderr: str, said: str) -> None:
    assert status == 1 and "Traceback" not in stderr, stderr[-3000:]
    assert said in stderr.splitlines()[-1] and stderr.splitlines()[-1].startswith("error: "), stderr[-3000:]
    out = place / "work/separate/s0000"
    assert not list(out.glob("*.jsonl")) and not list(out.glob("partial/*")) and not list(out.glob("*.flac"))


def done(place: Path) -> None:
    """The plain command tries again, and the recording is there with its whole length."""
    program(*SEPARATE, place / "work")
    (row,) = manifest.read(place / "work/separate/s0000/manifest.jsonl", rows.Separated)
    assert soundfile.info(place / "work" / row["path"]).frames == round(row["duration"] * 44100)
    assert not list(manifest.lines(place / "work/separate/s0000/rejects.jsonl"))


def test_a_full_disk(place):
    out = place / "work/separate"
    out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(out)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        refused(place, "make room, then run again")
        subprocess.run(["mount", "-o", "remount,size=16m", str(out)], check=True)
        done(place)
    finally:
        subprocess.run(["umount", "-l", str(out)], check=True)


def test_an_input_that_goes_away(place):
    (place / "input").rename(place / "away")
    refused(place, "talk.wav")
    (place / "away").rename(place / "input")
    done(place)


def test_an_ffmpeg_killed_in_the_middle(place, tmp_path):
    """It is stopped as soon as it is there, so that it cannot be done before it is killed."""
    slow = tmp_path / "bin"
    slow.mkdir()
    (slow / "ffmpeg").write_text(f'#!/bin/sh\necho $$ > "{tmp_path}/pid"\nkill -STOP $$\nexec sleep 60\n')
    (slow / "ffmpeg").chmod(0o755)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{slow}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", *SEPARATE, str(place / "work")]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    deadline = time.monotonic() + 120
    while not (pid := tmp_path / "pid").is_file() or not pid.read_text().strip():
        assert run.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(int(pid.read_text()), signal.SIGKILL)
    _, stderr = run.communicate(timeout=120)
    check(place, run.returncode, stderr, "ffmpeg was ended by signal 9 while it read")
    done(place)


@pytest.mark.parametrize("megabytes", [300, 700])
def test_little_memory(place, megabytes):
    """Too little to load a package, and too little to load a model or to work."""
    import resource

    limit = megabytes << 20
    refused(place, "memory", before=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))


def test_a_recording_that_may_not_be_read(place):
    (place / "input/talk.wav").chmod(0)
    answer = program(*SEPARATE, place / "work", check=False, before=bound())
    (place / "input/talk.wav").chmod(0o644)
    check(place, answer.returncode, answer.stderr, "talk.wav")
    done(place)


def test_a_work_folder_that_may_not_be_written(place):
    (place / "work").chmod(0o555)
    answer = program(*SEPARATE, place / "work", check=False, before=bound())
    (place / "work").chmod(0o755)
    check(place, answer.returncode, answer.stderr, f"permission denied: {place / 'work/separate'}")
