"""Files and folders that are no ordinary recordings, through the stages: a row each, and never a traceback."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import inputs, manifest, rows
from pipeline.errors import VoxsieveError
from stages.index import __main__ as index
from stages.slice import settings as slicing
from tests.conftest import bound, job, program, row

RATE = 44100


def rejects_of(work, stage: str) -> dict[str, str]:
    """source -> reason of what a stage has rejected as a whole."""
    return {
        one["source"]: one["reason"]
        for one in manifest.read(work / stage / "rejects.jsonl", rows.Reject)
        if not one["parent_id"]
    }


def test_a_folder_and_a_file_that_may_not_be_read_are_told(tmp_path):
    """As another user finds them: the folder is a reject and in the account; the file stops the job with a sentence."""
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, (3, RATE))
    for name, sound in zip(("a", "closed/b", "c"), noise, strict=True):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "in" / f"{name}.wav", sound, RATE)
    work = tmp_path / "work"
    (tmp_path / "in/closed").chmod(0)
    program("stages.index", "--work", work, "--input", tmp_path / "in", before=bound())
    assert rejects_of(work, "index") == {"closed": "unreadable_folder"}
    (tmp_path / "in/c.wav").chmod(0)
    answer = program("stages.index", "--work", work, "--input", tmp_path / "in", check=False, before=bound())
    (tmp_path / "in/closed").chmod(0o755)
    # Known by its size, time and inode, it is not opened again.
    assert answer.returncode == 0
    os.utime(tmp_path / "in/c.wav", (0, 0))
    answer = program("stages.index", "--work", work, "--input", tmp_path / "in", check=False, before=bound())
    sentence = answer.stderr.strip().splitlines()[-1]
    assert answer.returncode == 1 and "Traceback" not in answer.stderr
    assert f"{tmp_path / 'in/c.wav'} cannot be read now (Permission denied)" in sentence
    (tmp_path / "in/c.wav").chmod(0o644)
    program("stages.index", "--work", work, "--input", tmp_path / "in", before=bound())
    assert rejects_of(work, "index") == {}


def test_a_pipe_is_no_recording_and_no_reference(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full(RATE, 0.1), RATE)
    (tmp_path / "in").mkdir()
    os.rename(tmp_path / "a.wav", tmp_path / "in/a.wav")
    os.mkfifo(tmp_path / "in/pipe.wav")
    program("stages.index", "--work", tmp_path / "work", "--input", tmp_path / "in")
    assert rejects_of(tmp_path / "work", "index") == {"pipe.wav": "not_a_file"}
    targets = json.dumps({"ann": str(tmp_path / "in/pipe.wav")})
    for arguments in (
        ["stages.index", "--input", tmp_path / "in/pipe.wav"],
        ["stages.reference", "--targets", targets],
    ):
        answer = program(*arguments, "--work", tmp_path / "other", check=False)
        assert answer.returncode == 1 and "is neither a file nor a folder (a pipe, a device)" in answer.stderr
        assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("gone", ["folder", "file"])
def test_a_disk_that_goes_away_while_it_is_looked_through_is_no_folder_without_recordings(tmp_path, monkeypatch, gone):
    (tmp_path / "folder").mkdir()
    for name in ("a.wav", "folder/file.wav"):
        (tmp_path / name).touch()
    (tmp_path / "broken.wav").symlink_to("nowhere")
    assert [item.source for item in inputs.find(str(tmp_path))] == ["a.wav", "folder/file.wav"]
    scandir, stat = os.scandir, Path.stat

    def unless_gone(act):
        def look(path, **how):
            if Path(path).stem == gone:
                raise OSError(errno.EIO, "Input/output error", str(path))
            return act(path, **how)

        return look

    monkeypatch.setattr(os, "scandir", unless_gone(scandir))
    monkeypatch.setattr(Path, "stat", unless_gone(stat))
    with pytest.raises(
        VoxsieveError, match=rf"{gone}.* cannot be read now \(Input/output error\): bring its disk back"
    ):
        inputs.find(str(tmp_path))


@pytest.fixture(scope="module")
def extremes(tmp_path_factory):
    """The work folder of recordings of 8 samples, of float samples of 1e30, and of ordinary noise, up to segment."""
    folder = tmp_path_factory.mktemp("extremes")
    (folder / "in").mkdir()
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, 3 * RATE).astype(np.float32)
    soundfile.write(folder / "in/eight.wav", noise[:8], RATE)
    soundfile.write(folder / "in/huge.wav", noise * np.float32(1e31), RATE, "FLOAT")
    soundfile.write(folder / "in/plain.wav", noise, RATE)
    work = folder / "work"
    program("stages.index", "--work", work, "--input", folder / "in", "--max-failed-fraction", 1)
    for stage in ("separate", "segment", "slice"):
        program(f"stages.{stage}", "--work", work, "--shard", "s0000", "--max-failed-fraction", 1)
    return work


def test_eight_samples_and_samples_beyond_all_measure_are_rows_or_rejects_with_words(extremes):
    told = [
        one
        for place in ("index", "separate/s0000", "segment/s0000", "slice/s0000")
        for one in manifest.read(extremes / place / "rejects.jsonl", rows.Reject)
    ]
    by_source = {one["source"]: one for one in told}
    eight = by_source["eight.wav"]
    assert (eight["stage"], eight["reason"]) == ("segment", "too_short")
    assert eight["message"] == "The recording lasts 0.000181 s, expected at least 0.025 s."
    assert "reach 1e+30 times full scale" in by_source["huge.wav"]["message"]
    assert {"huge.wav", "plain.wav"} <= set(by_source)
    assert all(one["message"].rstrip(": ") and "Error" not in one["message"] for one in told), told


def test_what_was_written_for_a_recording_that_is_gone_is_taken_away(tmp_path):
    """Its vocals, by the next job of its shard; its whole shard, by the index."""
    this = job("separate", tmp_path)
    inputs = [row(rows.Recording, id=f"r{number:06d}", source=f"{number}.wav") for number in range(2)]

    def write(group: list[dict]):
        (this.out / f"{group[0]['id']}.flac").write_bytes(b"sound")
        return [one | {"parent_id": one["id"]} for one in group], []

    from pipeline import run

    run.run_shard(this, inputs, write, rows.Recording)
    run.run_shard(this, inputs[1:], write, rows.Recording)
    assert [path.name for path in this.out.glob("*.flac")] == ["r000001.flac"]
    for name in ("separate/s0001", "index/s0001"):
        (tmp_path / name).mkdir(parents=True)
    index.forget_shards(tmp_path, ["s0000"])
    assert (this.out / "r000001.flac").exists() and not list(tmp_path.glob("*/s0001"))


@pytest.mark.parametrize("labels", [["music"], ["noise", "noEnergy"]])
def test_labels_without_a_voice_are_told_before_any_job(labels):
    from pipeline import config

    (fault,) = slicing.check(config.load({"slice": {"labels": labels}}))
    assert "names no label of speech" in fault and "use [male, female]" in fault


def test_a_child_that_dies_by_a_signal_is_told_as_that(tmp_path, wav, monkeypatch):
    """An ffprobe that crashes says nothing about a recording."""
    from pipeline import ffmpeg, probing

    crashing = tmp_path / "ffprobe"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crashing.chmod(0o755)
    monkeypatch.setattr(ffmpeg, "find", lambda _: str(crashing))
    for look in (probing.probe, probing.gaps):
        with pytest.raises(VoxsieveError, match="ffprobe was ended by signal 11 while it read"):
            look(wav("a.wav", [0.1] * 100))
