"""index: what is found, what is refused, ids and shards that stay."""

import json
import os
import shutil
import subprocess

import numpy as np
import pytest

from pipeline import audio, ffmpeg, inputs, lock, manifest, rows
from pipeline.errors import ConfigError, VoxsieveError
from stages.export.account import account
from stages.index import __main__ as stage
from stages.index import examine, shards
from tests.conftest import job, program


def tone(seconds: float, rate: int = 44100, frequency: float = 440.0) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def run(folder, work, shard_seconds=1800.0, limit=0.5):
    told = {"input": str(folder), "shard_minutes": shard_seconds / 60, "max_failed_fraction": limit}
    this = job("index", work, **told)
    with lock.alone(this.out):
        summary = stage.index(this, inputs.find(str(folder)), [])
    recordings = [
        row for shard in summary["shards"] for row in manifest.read(this.out / shard / "manifest.jsonl", rows.Recording)
    ]
    return summary, recordings, manifest.read(this.out / "rejects.jsonl", rows.Reject)


def test_facts_are_exact_and_sources_untouched(tmp_path, wav):
    wav("in/a.wav", tone(1.2345))
    wav("in/sub/b.WAV", np.stack([tone(2), tone(2)], axis=1), 48000)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "in").rglob("*")}
    _, rows, rejects = run(tmp_path / "in", tmp_path / "work")
    assert [(row["id"], row["source"], row["sample_rate"], row["channels"]) for row in rows] == [
        ("r000000", "a.wav", 44100, 1),
        ("r000001", os.path.join("sub", "b.WAV"), 48000, 2),
    ]
    assert rows[0]["duration"] == pytest.approx(round(1.2345 * 44100) / 44100, abs=1e-6)
    assert (tmp_path / "work" / rows[1]["path"]).resolve() == (tmp_path / "in/sub/b.WAV").resolve()
    assert not rejects
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "in").rglob("*")}


def test_more_files_add_shards_and_leave_old_ones_alone(tmp_path, wav):
    for name in "bcd":
        wav(f"in/{name}.wav", tone(2, frequency=200 + 10 * ord(name)))
    work = tmp_path / "work"
    summary, rows, _ = run(tmp_path / "in", work, shard_seconds=3)
    assert summary["shards"] == ["s0000", "s0001"]
    first = work / "index" / "s0000" / "manifest.jsonl"
    stamp = first.stat().st_mtime_ns
    wav("in/a.wav", tone(2, frequency=100))  # sorts first, and is still numbered last
    summary, more, _ = run(tmp_path / "in", work, shard_seconds=3)
    assert summary["shards"] == ["s0000", "s0001", "s0002"]
    assert more[:3] == rows and more[3]["id"] == "r000003" and more[3]["source"] == "a.wav"
    assert first.stat().st_mtime_ns == stamp


def test_the_same_content_twice_is_one_recording_and_one_reject(tmp_path, wav):
    path = wav("in/b.wav", tone(1))
    _, rows, _ = run(tmp_path / "in", tmp_path / "work")
    shutil.copyfile(path, tmp_path / "in" / "a.wav")  # sorts before the one that is known
    _, again, rejects = run(tmp_path / "in", tmp_path / "work")
    assert again == rows
    assert [(one["source"], one["reason"], one["end"]) for one in rejects] == [("a.wav", "duplicate", 1.0)]


def test_broken_ones_are_rejects_and_too_many_stop_the_stage(tmp_path, wav):
    wav("in/a.wav", tone(1))
    (tmp_path / "in" / "empty.mp3").touch()
    (tmp_path / "in" / "text.mp3").write_text("no sound")
    (tmp_path / "in" / "folder.mp3").mkdir()
    (tmp_path / "in" / "notes").write_text("not audio and not called so: no recording at all")
    summary, rows, rejects = run(tmp_path / "in", tmp_path / "work", limit=0.8)
    assert {one["source"]: one["reason"] for one in rejects} == {
        "empty.mp3": "empty",
        "folder.mp3": "not_a_file",
        "text.mp3": "undecodable",
    }
    assert len(rows) == 1 and summary["ignored_files"] == 1
    with pytest.raises(VoxsieveError, match="3 of 4 recordings failed, more than max_failed_fraction 0.5"):
        run(tmp_path / "in", tmp_path / "work")


def test_where_none_can_be_used_the_reason_is_told(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "page.wav").write_bytes(b"<html></html>")
    with pytest.raises(ConfigError, match="none of the 1 files can be used: .* The last: page.wav: Not a sound file"):
        run(tmp_path / "in", tmp_path / "work", limit=1.0)


def test_what_is_known_is_not_decoded_again(tmp_path, wav, monkeypatch):
    wav("in/a.wav", tone(1))
    first = run(tmp_path / "in", tmp_path / "work")
    (tmp_path / "work/index/known.jsonl").open("a").write('{"path": "torn')

    def never(item):
        raise AssertionError(f"{item} was examined twice")

    monkeypatch.setattr(examine, "examine", never)
    assert run(tmp_path / "in", tmp_path / "work") == first


def test_a_cancelling_mean_is_seen(tmp_path, wav):
    one = tone(1)
    wav("in/anti.wav", np.stack([one, -one], axis=1))
    wav("in/left.wav", np.stack([one, 0 * one], axis=1))
    wav("in/right.wav", np.stack([-0.5 * one, one * 0.55], axis=1))
    _, rows, _ = run(tmp_path / "in", tmp_path / "work")
    assert [row["downmix"] for row in rows] == [[[0.0, name]] for name in ("left", "mean", "right")]


def test_a_list_a_file_and_a_missing_folder(tmp_path, wav):
    a, b = wav("in/a.wav", tone(1)), wav("other/b.wav", tone(1))
    assert [item.source for item in inputs.find([str(a), str(tmp_path / "other")])] == ["a.wav", "b.wav"]
    (tmp_path / "list.txt").write_text(f"# mine\n{b}\n{a}\n\n")
    assert [item.path for item in inputs.find(str(tmp_path / "list.txt"))] == [a, b]
    with pytest.raises(ConfigError, match="'nowhere' does not exist"):
        inputs.find("nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no recordings"):
        inputs.find(str(tmp_path / "empty"))


def test_every_broken_recording_is_as_wanted(tmp_path, data):
    """shared/data/broken.tar.gz against its own table of what is wanted."""
    shutil.unpack_archive(data / "broken.tar.gz", tmp_path, filter="data")
    _, rows, rejects = run(tmp_path / "broken", tmp_path / "work")
    found = {row["source"]: row["duration"] for row in rows}
    refused = {one["source"]: one["reason"] for one in rejects}
    for name in ("empty.mp3", "empty.wav", "text.mp3", "video_no_audio.mp4", "random.bin.mp3", "folder.mp3"):
        assert refused[name] != "duplicate"
    assert refused["video_no_audio.mp4"] == "no_audio"
    assert found["header_stream.wav"] == found["header_too_long.wav"] == 4.0
    assert {row["source"]: row["downmix"] for row in rows}["stereo_antiphase.wav"] == [[0.0, "left"]]
    assert sum(reason == "duplicate" for reason in refused.values()) == 13
    # Every file but the table itself is a row or a reject.
    names = {path.name for path in (tmp_path / "broken").iterdir()} - {"broken.csv"}
    assert names == set(found) | set(refused)
    assert json.loads((tmp_path / "work/index/ids.json").read_text())


def test_recordings_of_one_name_in_two_inputs_have_names_of_their_own(tmp_path, wav):
    paths = [str(wav(f"{folder}/one.wav", tone(1)).parent) for folder in ("first", "second", "other/second")]
    assert [item.source for item in inputs.find(paths[:1])] == ["one.wav"]
    found = {str(item.path.parent): item.source for item in inputs.find([*paths, f"{paths[0]}/one.wav"])}
    assert found[paths[0]] == "one.wav" and found[paths[1]] == os.path.join("second", "one.wav")
    assert found[paths[2]] == os.path.join(paths[2], "one.wav")
    files = [item.source for item in inputs.find([f"{path}/one.wav" for path in paths[:2]])]
    assert files == ["one.wav", os.path.join("second", "one.wav")]


OTHER_FFMPEG = """#!/bin/sh
# An ffmpeg that was built without a decoder for mp3.
case "$*" in *.mp3*) echo "Decoder mp3 not found" >&2; exit 1 ;; esac
exec {real} "$@"
"""


def test_a_reject_is_looked_at_again_by_another_ffmpeg(tmp_path, wav, demo):
    """Real programs: a run with an ffmpeg that lacks a decoder, then one with the usual ffmpeg."""
    wav("in/a.wav", tone(1))
    shutil.copy(demo / "harbour_noon.mp3", tmp_path / "in/b.mp3")
    (tmp_path / "in/c.mp3").write_text("no sound")
    (tmp_path / "bin").mkdir()
    for name in ("ffmpeg", "ffprobe"):
        other = tmp_path / "bin" / name
        other.write_text(OTHER_FFMPEG.format(real=ffmpeg.find(name)))
        other.chmod(0o755)
    work, place = tmp_path / "work", os.environ["PATH"]
    arguments = ["--work", work, "--input", tmp_path / "in", "--max-failed-fraction", "1"]

    def refused() -> dict[str, str]:
        return {one["source"]: one["reason"] for one in manifest.read(work / "index/rejects.jsonl", rows.Reject)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{place}")
        program("stages.index", *arguments)
        assert refused() == {"b.mp3": "undecodable", "c.mp3": "undecodable"}
        asked = (work / "index/known.jsonl").read_text()
        program("stages.index", *arguments)
        assert (work / "index/known.jsonl").read_text() == asked  # the same ffmpeg is not asked twice
    program("stages.index", *arguments)
    assert refused() == {"c.mp3": "undecodable"}
    sources = [row["source"] for path in sorted((work / "index").glob("s*/*.jsonl")) for row in manifest.read(path)]
    assert sources == ["a.wav", "b.mp3"]


@pytest.mark.parametrize("name", ["torn.flac", "torn.m4a"])
def test_the_tail_that_a_damaged_file_lost_is_a_reject_with_its_seconds(tmp_path, wav, name):
    """A download that broke off at six tenths: what is there is used, what is not is told, and the seconds add up."""
    noise = np.clip(0.1 * np.random.default_rng(0).standard_normal(10 * 44100), -1, 1)
    wav("in/whole.wav", noise)
    command = [ffmpeg.find("ffmpeg"), "-v", "error", "-i", tmp_path / "in/whole.wav", "-movflags", "+faststart"]
    subprocess.run([*command, tmp_path / name], check=True)
    data = (tmp_path / name).read_bytes()
    (tmp_path / "in" / name).write_bytes(data[: len(data) * 6 // 10])
    summary, recordings, rejects = run(tmp_path / "in", tmp_path / "work")
    torn, whole = recordings
    (missing,) = rejects
    assert (missing["reason"], missing["stage"], missing["source"]) == ("damaged", "index", name)
    assert missing["parent_id"] == torn["id"] and missing["recording_id"] == torn["id"]
    assert 5.5 < torn["duration"] < 6.5 and missing["start"] == torn["end"]
    assert missing["end"] == pytest.approx(10, abs=0.05)
    assert (
        f"{missing['end'] - missing['start']:.3f} s that the file says it has could not be read: " in missing["message"]
    )
    assert summary["recordings"] == 2 and summary["rejects"] == 1
    # A corpus that keeps all that could be read: kept and rejected seconds are the seconds of the files.
    kept = [row | {"speaker": "ann", "label": "female"} for row in recordings]
    statistics = account(recordings, kept, rejects, ["index"])
    assert statistics["input"] == {"recordings": 2, "seconds": pytest.approx(20, abs=0.05)}
    assert statistics["stages"]["index"]["damaged"]["seconds"] == pytest.approx(4, abs=0.5)
    assert run(tmp_path / "in", tmp_path / "work")[1:] == (recordings, rejects)  # from the journal too


def test_a_complaint_about_an_instant_is_no_damage(tmp_path, demo):
    """Radio files are full of small faults that ffmpeg tells of."""
    data = bytearray((demo / "harbour_noon.mp3").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 600] = bytes(600)
    path = tmp_path / "scratched.mp3"
    path.write_bytes(data)
    decoding = audio.Decoding(path, 44100, 1)
    assert sum(map(len, decoding)) and decoding.complaint
    assert examine.examine(path)["damaged"] is None


def test_shards_grow_with_the_corpus():
    assert shards.seconds_of_shard("auto", 3600.0) == 1800.0
    assert shards.seconds_of_shard("auto", 10_000 * 2400.0) == 96_000.0  # ten thousand episodes in 250 shards
    assert shards.seconds_of_shard(0.5, 3600.0) == 30.0


@pytest.mark.parametrize("text", [None, '{"a": '])
def test_ids_that_are_lost_or_torn_are_found_in_the_shards(tmp_path, wav, text):
    for name in "ab":
        wav(f"in/{name}.wav", tone(2, frequency=100 + ord(name)))
    _, recordings, _ = run(tmp_path / "in", tmp_path / "work", shard_seconds=1)
    ids = json.loads((tmp_path / "work/index/ids.json").read_text())
    (tmp_path / "work/index/ids.json").unlink()
    if text:
        (tmp_path / "work/index/ids.json").write_text(text)
    wav("in/0.wav", tone(2))
    _, again, _ = run(tmp_path / "in", tmp_path / "work", shard_seconds=1)
    assert again[:2] == recordings and again[2]["id"] == "r000002"
    assert ids.items() <= json.loads((tmp_path / "work/index/ids.json").read_text()).items()


def test_an_id_is_never_given_twice():
    assert shards.next_id({}) == "r000000"
    assert shards.next_id({"a": {"id": "r000007"}, "b": {"id": "r1000000"}}) == "r1000001"


def test_an_mp3_cut_between_two_frames_is_damaged_though_ffmpeg_says_nothing(tmp_path, wav):
    whole = tmp_path / "whole.mp3"
    ffmpeg.run(["-v", "error", "-i", str(wav("tone.wav", tone(10))), "-b:a", "64k", str(whole)])
    data = whole.read_bytes()
    for size in range(len(data) // 2, len(data) // 2 + 300):
        (cut := tmp_path / "cut.mp3").write_bytes(data[:size])
        list(decoding := audio.Decoding(cut, 44100, 1))
        if not decoding.complaint:
            break
    facts = examine.examine(cut)
    assert not decoding.complaint and facts["damaged"][0] == pytest.approx(10 - facts["duration"], abs=0.1)
    assert examine.examine(whole)["damaged"] is None
