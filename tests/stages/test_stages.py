"""Each stage's own program on a small shard with one recording that cannot be read, and those for the corpus."""

import json
import re
import shutil

import pytest
import soundfile

from pipeline import corpus, entry, manifest, rows, tables
from stages.export import __main__ as export
from tests.conftest import program

KINDS = {
    "separate": rows.Separated,
    "segment": rows.Segmented,
    "slice": rows.Clip,
    "filter": rows.FilteredClip,
    "normalize": rows.NormalizedClip,
    "embed": rows.Embedded,
    "score": rows.Scored,
}
BEFORE_SPEAKER = ("separate", "segment", "slice", "filter", "normalize", "embed")
FACTS = ("embed", "score")


def rows_of(work, stage: str, kind: type, shard: str = "s0000") -> list[dict]:
    return manifest.read(work / stage / shard / "manifest.jsonl", kind)


def rejects_of(folder) -> list[dict]:
    return manifest.read(folder / "rejects.jsonl", rows.Reject)


@pytest.fixture(scope="module")
def talks(tmp_path_factory, short_speech):
    """A folder with a talk, a copy of it, a text called mp3, and a recording whose sound is going to go away."""
    folder = tmp_path_factory.mktemp("talks") / "input"
    shutil.copytree(short_speech, folder)
    soundfile.write(folder / "gone.wav", [0.1, -0.1] * 30000, 44100)
    return folder


@pytest.fixture(scope="module")
def shard(tmp_path_factory, talks):
    """A work folder with the index of the talks."""
    work = tmp_path_factory.mktemp("work")
    gone = talks / "gone.wav"
    program("stages.index", "--work", work, "--input", talks, "--max-failed-fraction", 0.6)
    gone.write_bytes(b"nothing" * 1000)
    return work


@pytest.fixture(scope="module")
def work(shard):
    """The work folder after all stages of the shard up to the choice of the voices."""
    for stage in BEFORE_SPEAKER:
        program(f"stages.{stage}", "--work", shard, "--shard", "s0000")
    return shard


def test_the_stages_one_after_the_other(work):
    inputs = rows_of(work, "index", rows.Recording)
    assert len(inputs) == 2
    for stage in BEFORE_SPEAKER:
        kept, rejects = rows_of(work, stage, KINDS[stage]), rejects_of(work / stage / "s0000")
        manifest.check_complete(inputs, kept, rejects)
        assert kept
        if stage not in FACTS:
            assert all((work / one["path"]).is_file() for one in kept)
        if stage == "separate":
            assert [(one["source"], one["reason"]) for one in rejects] == [("gone.wav", "undecodable")]
            assert soundfile.info(work / kept[0]["path"]).frames == round(kept[0]["duration"] * 44100)
        if stage in ("slice", "filter"):  # a clip is a place in the vocals: no audio is written
            assert {one["path"] for one in kept} == {rows_of(work, "separate", rows.Separated)[0]["path"]}
            assert not [path for path in (work / stage).rglob("*") if path.suffix in (".wav", ".flac")]
        inputs = inputs if stage in FACTS else kept
    # Both voices of the talk are heard, cut into clips that are levelled for the corpus.
    assert {one["label"] for one in inputs} == {"male", "female"}
    assert all(one["lufs"] == pytest.approx(-23, abs=0.05) for one in inputs)
    table = (work / "segment/s0000/r000001.csv").read_text().splitlines()
    assert table[0] == "labels,start,stop" and all(re.fullmatch(r"\w+,\d+\.\d\d,\d+\.\d\d", line) for line in table[1:])
    for one in inputs:
        assert one["id"] == rows.clip_id(one["recording_id"], one["start"], one["end"])
        assert soundfile.info(work / one["path"]).duration == pytest.approx(one["end"] - one["start"], abs=1e-3)


def test_the_same_command_again_gives_the_same(work):
    for stage in ("slice", "filter", "normalize"):
        before = (work / stage / "s0000/manifest.jsonl").read_bytes()
        program(f"stages.{stage}", "--work", work, "--shard", "s0000")
        assert (work / stage / "s0000/manifest.jsonl").read_bytes() == before


def corpus_of(work, folder, talks, **speaker):
    """Run the stages of the corpus; the statistics."""
    told = [f"--{name}={value}" for name, value in speaker.items()]
    program("stages.speaker", "--work", work, *told)
    program("stages.score", "--work", work, "--shard", "s0000")
    program("stages.transcribe", "--work", work, "--shard", "s0000")
    program("stages.match", "--work", work)
    program("stages.proofread", "--work", work, "--corpus-dir", folder)
    program("stages.select", "--work", work)
    program("stages.export", "--work", work, "--corpus-dir", folder, "--input", talks)
    return json.loads((folder / "statistics.json").read_text())


def test_the_global_stages(work, tmp_path, talks):
    targets = json.dumps({"talk": str(talks / "talk.wav")})
    program("stages.reference", "--work", work, "--targets", targets)
    for flags in ({}, {"targets": targets, "threshold": "0.5"}):
        statistics = corpus_of(work, tmp_path / "corpus", talks, **flags)
        assert statistics["kept"]["clips"] == len(list((tmp_path / "corpus/wavs").iterdir())) > 0
        total = round(statistics["kept"]["seconds"] + statistics["rejected"]["seconds"], 6)
        assert total == statistics["input"]["seconds"]
    assert set(statistics["speakers"]) == {"talk"}
    wanted = [row["id"] for row in manifest.lines(work / "speaker/s0000/manifest.jsonl")]
    assert {fact["id"] for fact in rows_of(work, "score", rows.Scored)} == set(wanted)  # nothing else was scored
    assert "kept clips" in program("pipeline.summary", tmp_path / "corpus").stdout
    clips = tables.read(tmp_path / "corpus/clips.csv")
    places = [
        rows.clip_id(recording, start, end)
        for recording, start, end in zip(clips["recording"], clips["start"], clips["end"], strict=True)
    ]
    assert places == clips["clip"].tolist()
    known = {row["id"]: row["sha256"] for row in rows_of(work, "index", rows.Recording)}
    assert [known[recording] for recording in clips["recording"]] == clips["sha256"].tolist()


def test_export_never_takes_a_folder_that_is_not_its_own(work, tmp_path, talks):
    corpus_of(work, tmp_path / "first", talks)
    (tmp_path / "corpus/wavs").mkdir(parents=True)
    (tmp_path / "corpus/wavs/mine.wav").write_bytes(b"mine")
    export = ["--work", work, "--input", talks, "--corpus-dir"]
    answer = program("stages.export", *export, tmp_path / "corpus", check=False)
    assert answer.returncode == 1 and "holds files that voxsieve did not make" in answer.stderr
    assert (tmp_path / "corpus/wavs/mine.wav").read_bytes() == b"mine"
    # Nor the corpus of another input.
    before = {path: path.read_bytes() for path in (tmp_path / "first").rglob("*") if path.is_file()}
    other = ["--work", work, "--input", talks / "talk.wav", "--corpus-dir", tmp_path / "first"]
    answer = program("stages.export", *other, check=False)
    assert answer.returncode == 1 and "name another corpus_dir and work_dir" in answer.stderr
    assert {path: path.read_bytes() for path in (tmp_path / "first").rglob("*") if path.is_file()} == before


def test_a_text_that_is_written_while_the_corpus_is_made_is_not_lost(work, tmp_path, talks, monkeypatch):
    folder = tmp_path / "corpus"
    corpus_of(work, folder, talks)
    own, link = folder / "metadata.csv", corpus.link_or_copy

    def link_while_somebody_writes(source, target) -> None:
        if "|Mine.|" not in own.read_text():
            own.write_text(own.read_text().replace("||", "|Mine.|", 1))
        link(source, target)

    monkeypatch.setattr(corpus, "link_or_copy", link_while_somebody_writes)
    flags = {"work": work, "corpus-dir": folder, "input": talks}
    monkeypatch.setattr("sys.argv", ["export", *(f"--{name}={value}" for name, value in flags.items())])
    with pytest.raises(SystemExit, match="metadata.csv was edited while the corpus was made: run snakemake again"):
        entry.run(export.main)
    assert "|Mine.|" in own.read_text()
    entry.run(export.main)
    assert "|Mine.|" in own.read_text()


def test_one_torn_clip_costs_one_clip(work, tmp_path, talks):
    """A clip's file that is torn after normalize: embed rejects that clip, and the account adds up all the same."""
    torn = tmp_path / "work"
    shutil.copytree(work, torn)
    shutil.rmtree(torn / "embed")  # what was embedded is not heard again
    clips = rows_of(torn, "normalize", rows.NormalizedClip)
    (torn / clips[0]["path"]).write_bytes((torn / clips[0]["path"]).read_bytes()[:40])
    program("stages.embed", "--work", torn, "--shard", "s0000")
    assert [(one["id"], one["reason"]) for one in rejects_of(torn / "embed/s0000")] == [(clips[0]["id"], "error")]
    assert [one["id"] for one in rows_of(torn, "embed", rows.Embedded)] == [one["id"] for one in clips[1:]]
    statistics = corpus_of(torn, tmp_path / "corpus", talks, voices=0)
    assert clips[0]["id"] not in tables.read(tmp_path / "corpus/clips.csv")["clip"].tolist()
    total = statistics["kept"]["seconds"] + statistics["rejected"]["seconds"]
    assert round(total, 6) == statistics["input"]["seconds"]
