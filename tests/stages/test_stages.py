"""Each stage's own program on a small shard with one corrupt recording, and what its --help promises."""

import json
import os
import re
import subprocess
import sys

import pytest
import soundfile

from pipeline import manifest
from tests.conftest import ROOT

STAGES = ("separate", "segment", "slice", "filter", "normalize", "score", "embed")
ALL = (*STAGES, "index", "reference", "speaker", "match", "select", "export", "formats", "report")
PROGRAMS = tuple(f"stages.{name}" for name in ALL)
PROGRAMS += ("install.weights", "install.environments", "pipeline.summary", "evaluation.__main__")


def program(module: str, *arguments, check: bool = True) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=check, env=environment)


@pytest.mark.parametrize("module", PROGRAMS)
def test_every_program_tells_its_flags(module):
    text = program(module, "--help").stdout
    assert text.startswith("usage: ")
    flags = re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE)
    assert all(len(re.search(rf"{flag}\b.*?(?:\n  -|\Z)", text, re.DOTALL).group()) > len(flag) + 15 for flag in flags)


@pytest.fixture(scope="module")
def shard(tmp_path_factory, short_speech):
    """A work folder with the index of a talk, a copy of it, a text called mp3, and a row whose file went away."""
    work = tmp_path_factory.mktemp("work")
    gone = short_speech / "gone.wav"
    soundfile.write(gone, [0.1, -0.1] * 30000, 44100)
    arguments = ["--work", work, "--out", work / "index", "--max-failed-fraction", 0.6]
    program("stages.index", "--input", short_speech, *arguments)
    gone.unlink()
    return work


def test_the_stages_one_after_the_other(shard):
    before = "index"
    assert len(manifest.read(shard / "index/s0000/manifest.jsonl")) == 2
    for stage in STAGES:
        out = shard / stage / "s0000"
        program(f"stages.{stage}", "--manifest", shard / before / "s0000/manifest.jsonl", "--work", shard, "--out", out)
        rows, rejects = manifest.read(out / "manifest.jsonl"), manifest.read(out / "rejects.jsonl", manifest.REJECT)
        manifest.check_complete(manifest.read(shard / before / "s0000/manifest.jsonl"), rows, rejects)
        assert rows and all((shard / one["path"]).is_file() for one in rows)
        if stage == "separate":
            assert [(one["source"], one["reason"]) for one in rejects] == [("gone.wav", "undecodable")]
            assert soundfile.info(shard / rows[0]["path"]).frames == round(rows[0]["duration"] * 44100)
        before = stage
    # Both voices of the talk are heard, cut into clips that are levelled for the corpus.
    assert {one["label"] for one in rows} == {"male", "female"}
    assert all(one["lufs"] == pytest.approx(-23, abs=0.05) for one in rows)
    table = (shard / "segment/s0000/r000001.csv").read_text().splitlines()
    assert table[0] == "labels,start,stop" and all(re.fullmatch(r"\w+,\d+\.\d\d,\d+\.\d\d", line) for line in table[1:])


def test_the_global_stages(shard, tmp_path, short_speech):
    reference = tmp_path / "references.npz"
    program("stages.reference", "--target", f"talk={short_speech / 'talk.wav'}", "--out", reference)
    for flags in ([], ["--references", reference, "--threshold", "0.5"]):
        program("stages.speaker", "--work", shard, "--out", shard / "speaker", *flags)
        program("stages.match", "--work", shard, "--out", shard / "match")
        matches = ["--matches", shard / "match/matches.jsonl"]
        program("stages.select", "--manifest", shard / "speaker/manifest.jsonl", *matches, "--out", shard / "select")
        program("stages.export", "--work", shard, "--corpus", tmp_path / "corpus")
        statistics = json.loads((tmp_path / "corpus/statistics.json").read_text())
        assert statistics["kept"]["clips"] == len(list((tmp_path / "corpus/wavs").iterdir())) > 0
        total = round(statistics["kept"]["seconds"] + statistics["rejected"]["seconds"], 6)
        assert total == statistics["input"]["seconds"]
    assert set(statistics["speakers"]) == {"talk"}
    assert "kept clips" in program("pipeline.summary", tmp_path / "corpus").stdout


def test_a_wrong_setting_ends_a_stage_with_one_sentence(shard, tmp_path):
    where = ["--manifest", shard / "slice/s0000/manifest.jsonl", "--work", shard, "--out", tmp_path / "filter"]
    answer = program("stages.filter", *where, "--low-pass", "30000,12,2", check=False)
    assert answer.returncode == 1
    assert answer.stderr.strip().splitlines()[-1].startswith("error: filter: lowpass cutoff 30000 Hz is not between")
    answer = program("stages.slice", "--manifest", tmp_path / "none", "--work", shard, "--out", tmp_path, check=False)
    assert answer.returncode == 1 and "does not exist" in answer.stderr and "Traceback" not in answer.stderr


def test_export_never_takes_a_folder_that_is_not_its_own(shard, tmp_path):
    (tmp_path / "corpus/wavs").mkdir(parents=True)
    (tmp_path / "corpus/wavs/mine.wav").write_bytes(b"mine")
    answer = program("stages.export", "--work", shard, "--corpus", tmp_path / "corpus", check=False)
    assert answer.returncode == 1 and "holds files that voxsieve did not make" in answer.stderr
    assert (tmp_path / "corpus/wavs/mine.wav").read_bytes() == b"mine"
