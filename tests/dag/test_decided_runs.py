"""What people decide reaches the corpus with the next run, which does nothing but what depends on it."""

import json
import subprocess
import time

import pytest
from runs import END, HEARD, change, command, contents, jobs_of, read_csv, snakemake

from pipeline import manifest
from review import write
from tests.conftest import ROOT

CHOICE = {"speaker"} | HEARD | END


@pytest.fixture
def decided(demo_run):
    """The demo's run with a folder of decisions, and the corpus as it was; afterwards all is undone."""
    config, folder = demo_run
    place = folder / "decisions"
    change(config, decisions=str(place))
    before = contents(folder / "corpus")
    yield config, folder, place, before
    for path in place.glob("*.jsonl"):
        path.unlink()
    snakemake(config)
    assert contents(folder / "corpus") == before


def adds_up(corpus) -> bool:
    """Whether kept and rejected seconds are the input's, to the millisecond."""
    told = json.loads((corpus / "statistics.json").read_text())
    return abs(told["kept"]["seconds"] + told["rejected"]["seconds"] - told["input"]["seconds"]) < 1e-3


def test_decisions_reach_the_corpus_and_undone_leave_no_trace(decided):
    config, folder, place, before = decided
    work, corpus = folder / "work", folder / "corpus"
    clips = read_csv(corpus / "clips.csv")
    others = {row["voice"] for row in manifest.lines(work / "speaker/voices.jsonl") if row["answer"] == "rejected"}
    voice = sorted(others)[0]
    assert "Nothing to be done" in snakemake(config, "-n")
    write.on_voice(work, place, "anna", voice, "voice", "bea")
    assert jobs_of(snakemake(config, "-n")) - {"all"} == CHOICE - {"all"}
    write.on_clip(work, place, "anna", clips[0]["clip"], "drop", "echo")
    write.on_clip(work, place, "anna", clips[1]["clip"], "text", "what is said")
    wanted = {row["id"] for row in manifest.lines(work / "speaker/voices.jsonl") if row["voice"] == voice}
    snakemake(config)
    after = {row["clip"]: row for row in read_csv(corpus / "clips.csv")}
    got = {row["clip"] for row in after.values() if row["speaker"] == "bea"}
    assert got and got <= wanted and all(after[clip]["decided"] == "voice" for clip in got)
    assert clips[0]["clip"] not in after and adds_up(corpus)
    dropped = [row for row in read_csv(corpus / "rejects.csv") if row["reason"] == "person"]
    assert [(row["id"], row["message"]) for row in dropped] == [(clips[0]["clip"], "A person dropped it: echo.")]
    assert f"{clips[1]['clip']}|what is said|" in (corpus / "metadata.csv").read_text()
    assert "1 voice, 1 clip dropped, 1 text" in (corpus / "report.html").read_text()
    assert "Nothing to be done" in snakemake(config, "-n")


def test_what_is_decided_while_a_run_goes_counts_in_the_next(decided):
    """All jobs of a run see the decisions that stood when it began, so that a digest of these tells what is old."""
    config, folder, place, before = decided
    work, corpus = folder / "work", folder / "corpus"
    clips = read_csv(corpus / "clips.csv")
    write.on_clip(work, place, "anna", clips[0]["clip"], "drop", "echo")
    log = work / "log/select.log"
    log.unlink()
    with subprocess.Popen(command(config), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while not log.exists():
            assert running.poll() is None
            time.sleep(0.01)
        write.on_clip(work, place, "anna", clips[1]["clip"], "text", "said meanwhile")
        write.on_clip(work, place, "kim", clips[2]["clip"], "drop", "meanwhile")
    assert running.returncode == 0
    kept = {row["clip"] for row in read_csv(corpus / "clips.csv")}
    assert kept == {row["clip"] for row in clips[1:]}
    assert "said meanwhile" not in (corpus / "metadata.csv").read_text()
    snakemake(config)
    assert clips[2]["clip"] not in {row["clip"] for row in read_csv(corpus / "clips.csv")}
    assert "said meanwhile" in (corpus / "metadata.csv").read_text()


def test_clips_are_cut_anew_from_the_vocals(decided):
    config, folder, place, before = decided
    work, corpus = folder / "work", folder / "corpus"
    longest = max(read_csv(corpus / "clips.csv"), key=lambda row: float(row["duration"]))
    start, end = float(longest["start"]), float(longest["end"])
    middle = round((start + end) / 2, 2)
    write.on_clip(work, place, "anna", longest["clip"], "split", times=(middle,))
    write.on_clip(work, place, "anna", longest["clip"], "drop", "was split")  # a clip that will be no more
    snakemake(config)
    made = [row for path in work.glob("slice/*/manifest.jsonl") for row in manifest.lines(path) if row["cut_by"]]
    assert [(row["start"], row["end"]) for row in made] == [(start, middle), (middle, end)]
    assert adds_up(corpus)
    left = read_csv(corpus / "unfit_decisions.csv")
    assert [(row["kind"], row["value"]) for row in left] == [("drop", "was split")]
