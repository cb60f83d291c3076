"""What the page does, by command: the order in which to ask, decisions, undo; and the index behind the page."""

import csv
import io
import json
import re
from contextlib import redirect_stdout

import made
import pytest

from install import environments
from pipeline import decisions
from pipeline.errors import ConfigError
from review import __main__ as commands
from review import voices, write
from tests.conftest import program


@pytest.fixture
def place(tmp_path):
    work, _ = made.folder(tmp_path)
    return work, tmp_path / "decisions"


def review(place, *words: str) -> str:
    """What the program says of a work folder."""
    work, folder = place
    said = io.StringIO()
    with redirect_stdout(said):
        commands.main([*words, f"--work={work}", f"--decisions={folder}"])
    return said.getvalue()


def listed(place) -> list[dict]:
    return list(csv.DictReader(io.StringIO(review(place, "voices", "--csv"))))


def test_voices_are_asked_about_by_what_an_answer_settles(place):
    rows = listed(place)
    worth = [float(row["worth_seconds"]) for row in rows]
    assert worth == sorted(worth, reverse=True)
    assert rows[0]["voice"] == "v0001" and worth[0] == float(rows[0]["uncertain_seconds"]) > 0
    settles = {row["voice"]: float(row["worth_seconds"]) for row in rows}
    assert settles["v0000"] == pytest.approx(0.1 * 9.6) and settles["v0003"] < settles["v0002"] < settles["v0001"]
    assert len(rows[0]["typical"].split()) == 3


@pytest.mark.parametrize(
    ("flags", "said", "kind", "value"),
    [
        (["--speaker", "anna"], "anna", "voice", "anna"),
        (["--nobody"], "nobody who is wanted", "voice", ""),
        (["--two"], "two people", "two", ""),
    ],
)
def test_a_voice_is_decided_on_undone_and_asked_again(place, flags, said, kind, value):
    review(place, "decide", "voice", "v0001", *flags, "--who", "kim")
    (line,) = decisions.of(place[1])
    assert (line.who, line.kind, line.value) == ("kim", kind, value)
    assert sum(len(spans) for spans in line.places.values()) == 6
    assert listed(place)[-1]["voice"] == "v0001" and listed(place)[-1]["decided"] == said
    assert "taken back" in review(place, "undo", "--who", "kim")
    assert listed(place)[0]["voice"] == "v0001" and listed(place)[0]["decided"] == ""
    assert "nothing" in review(place, "undo", "--who", "kim")


def test_what_the_stage_has_taken_up_as_two_is_asked_again(place):
    work, folder = place
    line = write.on_voice(work, folder, "kim", "v0001", "two")
    assert voices.answers(work, [line])
    (work / "speaker/told.json").write_text(json.dumps([line.id]))
    assert not voices.answers(work, [line])


CLIP = "r000000_0002400_0004000"


@pytest.mark.parametrize(
    ("flags", "kind", "value", "times"),
    [
        (["--keep"], "keep", "", []),
        (["--drop", "noisy"], "drop", "noisy", []),
        (["--speaker", "bea"], "speaker", "bea", []),
        (["--nobody"], "speaker", "", []),
        (["--text", "what is said"], "text", "what is said", []),
        (["--text", ""], "text", "", []),
        (["--tone", "angry"], "tone", "angry", []),
        (["--retime", "2.3", "4.1"], "retime", "", [2.3, 4.1]),
        (["--split", "3"], "split", "", [3.0]),
        (["--join"], "join", "", []),
    ],
)
def test_a_clip_is_decided_on(place, flags, kind, value, times):
    review(place, "decide", "clip", CLIP, *flags)
    (line,) = decisions.of(place[1])
    assert (line.kind, line.value, line.times) == (kind, value, times)
    assert line.place == (f"{0:064x}", 2.4, 6.0 if kind == "join" else 4.0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["voice", "v9999", "--nobody"], "there is no voice 'v9999'"),
        (["voice", "v0001", "--speaker", ""], "--nobody"),
        (["clip", "r000000_0000001_0000002", "--keep"], "there is no clip"),
        (["clip", "../../etc/passwd", "--keep"], "there is no clip"),
        (["clip", CLIP, "--split", "9"], "between 2.400 and 4.000 s"),
        (["clip", CLIP, "--retime", "8", "9"], "must overlap"),
        (["clip", "r000000_0014400_0016000", "--join"], "the last clip"),
        (["clip", CLIP, "--drop", "a\nb"], "value"),
        (["clip", CLIP, "--tone", "very angry"], "small letters without spaces and slashes, found 'very angry'"),
        (["clip", CLIP, "--tone", "../Angry"], "small letters"),
        (["clip", CLIP, "--keep", "--who", ""], "name"),
        (["clip", CLIP, "--speaker", ""], "--nobody"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(place, words, told):
    with pytest.raises(ConfigError, match=re.escape(told)):
        review(place, "decide", *words)
    assert not decisions.of(place[1])


def test_a_user_without_a_name_is_asked_for_one(place, monkeypatch):
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", unknown)
    assert listed(place)
    with pytest.raises(ConfigError, match="--who"):
        review(place, "decide", "clip", CLIP, "--keep")


def test_a_file_in_the_place_of_the_decisions_is_told(place):
    place[1].write_text("")
    for words in (["voices"], ["undo"], ["progress"], ["decide", "clip", CLIP, "--keep"]):
        words = words if words == ["progress"] else [*words, f"--work={place[0]}"]
        with pytest.raises(ConfigError, match="is a file"):
            commands.main([*words, f"--decisions={place[1]}"])


@pytest.mark.parametrize("flag", ["--port=99999", "--port=-1", "--host="])
def test_an_address_that_cannot_be_is_told(place, flag):
    if not environments.ready("review"):
        pytest.skip("no environment for review: run `make environments`")
    answer = program("review", f"--work={place[0]}", f"--decisions={place[1]}", flag, check=False)
    assert answer.returncode == 1 and answer.stderr.startswith("error: review: ")


def test_a_work_folder_without_voices_is_told(tmp_path):
    answer = program("review", "voices", f"--work={tmp_path}", check=False)
    assert answer.returncode == 1 and "Traceback" not in answer.stderr and "speakers.csv" in answer.stderr


def test_a_script_gets_the_clips_in_the_order_of_the_page_until_they_are_decided(place):
    if not environments.ready("review"):
        pytest.skip("no environment for review: run `make environments`")

    def queue(name: str, *flags: str) -> list[str]:
        where = [f"--{flag}={folder}" for flag, folder in zip(("work", "decisions"), place, strict=True)]
        table = program("review", "clips", f"--queue={name}", *where, *flags).stdout
        return [row["id"] for row in csv.DictReader(io.StringIO(table))]

    work, _ = place
    told = [json.loads(line) for line in (work / "speaker/voices.jsonl").read_text().splitlines()]
    uncertain = queue("uncertain")
    assert sorted(uncertain) == sorted(row["id"] for row in told if row["answer"] == "uncertain")
    assert queue("uncertain", "--most=2") == uncertain[:2]
    review(place, "decide", "clip", uncertain[0], "--keep")
    assert queue("uncertain") == uncertain[1:]
    scores = [json.loads(line) for path in work.glob("score/*/*.jsonl") for line in path.read_text().splitlines()]
    rated = {row["id"]: row["dnsmos_ovrl"] for row in scores}
    lowest = [rated[clip] for clip in queue("lowest")]
    assert lowest and lowest == sorted(lowest)
    answer = program("review", "clips", "--queue=nothing", f"--work={work}", check=False)
    assert answer.returncode and "invalid choice: 'nothing'" in answer.stderr and "Traceback" not in answer.stderr


def test_progress_tells_who_did_what_and_how_far_they_agree(place):
    for who, kind in (("anna", "--keep"), ("bea", "--keep")):
        review(place, "decide", "clip", CLIP, kind, "--who", who)
    said = review(place, "progress")
    assert "anna: 1 keep" in said and "anna and bea: both heard 1, Cohen's kappa 1.00" in said
