"""What a run does again, and what not: changed settings, what was lost, kill -9, more recordings."""

import os
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
import soundfile
import yaml
from runs import END, HEARD, attempt, command, contents, jobs_of, read_csv, snakemake, write_config

from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"speaker": {"threshold": 0.8}}, {"speaker", *HEARD, *END}),
        ({"normalize": {"target_lufs": -20}}, {"normalize", "embed", "speaker", *HEARD, *END}),
        ({"filters": {"snr_db": {"min": 10}}}, END),
        ({"tone": {"clusters": "auto"}}, {"describe", "tone", *END}),
        ({"threads": 1, "device": "cpu", "max_failed_fraction": 0.9}, set()),
    ],
)
def test_a_changed_setting_reruns_its_stage_and_what_follows(demo_run, tmp_path, change, wanted):
    config, _ = demo_run
    settings = yaml.safe_load(config.read_text()) | change
    other = tmp_path / "changed.yaml"
    other.write_text(yaml.safe_dump(settings))
    assert jobs_of(snakemake(other, "-n")) == wanted


def test_rerunning_one_stage_reruns_what_follows_and_nothing_before(demo_run):
    config, folder = demo_run
    before = contents(folder / "corpus")
    stamp = (folder / "work/separate/s0000/manifest.jsonl").stat().st_mtime_ns
    after = {"slice", "filter", "normalize", "embed", "speaker", *HEARD, *END}
    assert jobs_of(snakemake(config, "-p", "-R", "slice")) == after
    assert contents(folder / "corpus") == before
    assert (folder / "work/separate/s0000/manifest.jsonl").stat().st_mtime_ns == stamp


def test_what_was_lost_is_made_again_by_the_same_command(demo_run):
    """As after a `kill -9` while one stage was run anew: Snakemake has taken its results away."""
    config, folder = demo_run
    before = contents(folder / "corpus")
    for kind in ("manifest", "rejects"):
        (folder / f"work/slice/s0001/{kind}.jsonl").unlink()
    assert "slice" in jobs_of(snakemake(config, "-p"))
    assert contents(folder / "corpus") == before
    assert "Nothing to be done" in snakemake(config)


def test_a_file_of_the_work_folder_that_is_gone_is_made_again(demo_run):
    config, folder = demo_run
    before = contents(folder / "corpus")
    name = read_csv(folder / "corpus/clips.csv")[0]["clip"]
    (wav,) = (folder / "work/normalize").rglob(f"{name}.wav")
    written = wav.read_bytes()
    wav.unlink()
    said = snakemake(config)
    assert "normalize, s0000: files are not as they were written: they are made again" in said
    assert wav.read_bytes() == written and contents(folder / "corpus") == before


def test_a_failed_export_leaves_the_corpus_as_it_was(demo_run):
    """A line of metadata.csv that cannot be read stops the export, so that no text is lost."""
    config, folder = demo_run
    metadata = folder / "corpus/metadata.csv"
    empty = metadata.read_bytes()
    metadata.write_bytes(empty.replace(b"||", b"|one|two|three", 1))
    before = contents(folder / "corpus")
    code, said = attempt(config, "-R", "export")
    assert code and "metadata.csv, line 1: expected clip|text" in said
    assert contents(folder / "corpus") == before
    metadata.write_bytes(empty)
    snakemake(config)
    assert contents(folder / "corpus") == before | {"metadata.csv": empty}


def test_kill_9_twice_and_the_same_command_give_the_same_corpus(demo_run, tmp_path, demo):
    """A run that is killed in separate and again in normalize ends as the undisturbed one did, byte for byte."""
    config = write_config(tmp_path, input=str(demo), shard_minutes=0.5)
    for sign in ("separate/*/*.partial.flac", "normalize/*/*/*.wav"):
        run = subprocess.Popen(command(config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
        deadline = time.monotonic() + 300
        while not list((tmp_path / "work").glob(sign)):
            assert run.poll() is None and time.monotonic() < deadline, f"the run ended before {sign}"
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        assert not (tmp_path / "corpus/statistics.json").exists()
    snakemake(config)
    corpus, undisturbed = contents(tmp_path / "corpus"), contents(demo_run[1] / "corpus")
    assert corpus.pop(".voxsieve") != undisturbed.pop(".voxsieve")  # each names its own work folder
    assert corpus == undisturbed
    assert not list((tmp_path / "work").rglob("*.partial*"))


def test_more_recordings_add_a_shard_and_leave_the_old_alone(tmp_path, demo):
    (tmp_path / "input").mkdir()
    shutil.copy(demo / "harbour_noon.mp3", tmp_path / "input")
    config = write_config(tmp_path, input=str(tmp_path / "input"))
    snakemake(config)
    stamp = (tmp_path / "work/embed/s0000/manifest.jsonl").stat().st_mtime_ns
    shutil.copy(demo / "harbour_evening.mp3", tmp_path / "input")
    snakemake(config)
    assert (tmp_path / "work/embed/s0000/manifest.jsonl").stat().st_mtime_ns == stamp
    sources = {one["source"] for one in read_csv(tmp_path / "corpus/clips.csv")}
    assert sources == {"harbour_noon.mp3", "harbour_evening.mp3"}


def test_a_failing_recording_that_is_added_stops_nothing(tmp_path, demo):
    """It is alone in its new shard, and still one of four."""
    (tmp_path / "input").mkdir()
    for show in demo.glob("*.mp3"):
        shutil.copy(show, tmp_path / "input")
    config = write_config(tmp_path, input=str(tmp_path / "input"))
    snakemake(config)
    soundfile.write(tmp_path / "input" / "blip.wav", np.zeros(100), 44100)
    snakemake(config)
    assert [one["source"] for one in read_csv(tmp_path / "corpus/rejects.csv") if one["stage"] == "segment"] == [
        "blip.wav"
    ]
    # What was deleted from the corpus is made again.
    (tmp_path / "corpus/clips.csv").unlink()
    snakemake(config)
    assert (tmp_path / "corpus/clips.csv").exists()
