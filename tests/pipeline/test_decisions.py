"""People's decisions: appended, undone, read again after anything; and which clips they are about."""

import json
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import decided_texts, decisions
from pipeline.decision import Decision
from pipeline.errors import ConfigError
from pipeline.places import Latest, covered, covers
from pipeline.texts import Text

SHA, OTHER = "a" * 64, "b" * 64


def on(folder: Path, kind: str, start: float = 1.0, end: float = 3.0, value: str = "", who: str = "anna", **more):
    """A decision on a place of one recording."""
    return decisions.add(folder, who, kind, {SHA: [(start, end)]}, value, **more)


def test_what_was_decided_is_read_again(tmp_path):
    kept = on(tmp_path, "keep")
    dropped = on(tmp_path, "drop", 5, 7, "noisy | echo, \u00fc", who="Bea M\u00fcller")
    lines, faults = decisions.read(tmp_path)
    assert lines == [kept, dropped] and not faults
    assert {path.name for path in tmp_path.iterdir()} == {
        "anna.jsonl",
        decisions.file_of(tmp_path, "Bea M\u00fcller").name,
    }


def test_two_names_never_share_a_file(tmp_path):
    names = ["anna", "Anna", "an/na", "../anna", "an na", "\u00e4nna", "", " ", "." * 3, "x" * 80]
    files = [decisions.file_of(tmp_path, name) for name in names]
    assert len(set(files)) == len(names) and all(path.parent == tmp_path for path in files)


def test_undo_goes_back_to_the_beginning_and_may_be_undone(tmp_path):
    made = [on(tmp_path, "keep", start, start + 1) for start in range(3)]
    assert [decisions.undo(tmp_path, "anna").id for _ in made] == [line.id for line in made[::-1]]
    assert decisions.undo(tmp_path, "anna") is None and decisions.of(tmp_path) == []
    last = decisions.read(tmp_path)[0][-1]
    decisions.add(tmp_path, "anna", "keep", {SHA: [(9, 10)]})
    undone = Decision.model_validate(
        {"id": "f" * 32, "who": "anna", "when": "2099-01-01T00:00:00.000000Z", "kind": "undo", "undoes": last.id}
    )
    assert made[0] in decisions.active([*decisions.read(tmp_path)[0], undone])
    assert len((tmp_path / "anna.jsonl").read_text().splitlines()) == 7  # nothing is ever taken out of a file


def test_undo_takes_back_only_what_one_person_decided(tmp_path):
    on(tmp_path, "keep", who="anna")
    on(tmp_path, "drop", value="noisy", who="bea")
    decisions.undo(tmp_path, "anna")
    assert [line.who for line in decisions.of(tmp_path)] == ["bea"]


def test_what_is_sent_twice_is_written_once(tmp_path):
    first, again = (on(tmp_path, "keep", name="0" * 32) for _ in range(2))
    assert first == again and len(decisions.of(tmp_path)) == 1
    on(tmp_path, "keep", 5, 6)
    undone = [decisions.undo(tmp_path, "anna", "1" * 32) for _ in range(2)]
    assert undone[0] == undone[1] and [line.id for line in decisions.of(tmp_path)] == ["0" * 32]


@pytest.mark.parametrize("torn", [1, 20, 100])
def test_a_torn_line_is_told_and_costs_nothing_else(tmp_path, torn):
    first = on(tmp_path, "keep")
    on(tmp_path, "drop", 5, 6, "noisy")
    path = tmp_path / "anna.jsonl"
    path.write_bytes(path.read_bytes()[:-torn])
    lines, faults = decisions.read(tmp_path)
    assert lines == [first] if torn > 1 else len(lines) == 2
    assert len(faults) == (torn > 1)
    third = on(tmp_path, "keep", 8, 9)
    lines, faults = decisions.read(tmp_path)
    assert lines[0] == first and lines[-1] == third and len(faults) == (torn > 1)
    if faults:
        assert f"{path}, line 2 is passed over" in faults[0]


@pytest.mark.parametrize(
    "line",
    [
        b"null",
        b"[]",
        b"\xff\xfe",
        b"{}",
        b'{"id": "x"}',
        json.dumps({"id": "0" * 32, "who": "a"}).encode(),
        b"\x00" * 40,
    ],
)
def test_a_line_that_is_no_decision_is_told(tmp_path, line):
    kept = on(tmp_path, "keep")
    with open(tmp_path / "anna.jsonl", "ab") as out:
        out.write(line + b"\n")
    assert decisions.read(tmp_path)[0] == [kept] and len(decisions.read(tmp_path)[1]) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"who": ""},
        {"who": "x" * 81},
        {"who": "a\nb"},
        {"kind": "burn"},
        {"value": "two\nlines"},
        {"places": {"no digest": [(0, 1)]}},
        {"times": [float("nan")]},
        {"name": "not an id"},
    ],
)
def test_what_no_file_may_hold_is_refused(tmp_path, fields):
    given_ = {"who": "anna", "kind": "keep", "places": {SHA: [(0, 1)]}} | fields
    with pytest.raises(ConfigError, match="decisions"):
        decisions.add(tmp_path, **given_)
    assert decisions.of(tmp_path) == []


def _many(folder: Path, who: str) -> None:
    for number in range(40):
        decisions.add(folder, who, "keep", {SHA: [(number, number + 1)]})


def test_several_windows_at_once_lose_nothing(tmp_path):
    running = [multiprocessing.Process(target=_many, args=(tmp_path, who)) for who in ("anna", "anna", "bea")]
    for process in running:
        process.start()
    for process in running:
        process.join()
    lines, faults = decisions.read(tmp_path)
    assert not faults and len({line.id for line in lines}) == 120
    for who in ("anna", "bea"):
        times = [line.when for line in lines if line.who == who]
        assert times == sorted(set(times))


def test_the_digest_changes_with_what_a_stage_reads_alone(tmp_path):
    def now(*kinds: str) -> str:
        return decisions.digest(decisions.of(tmp_path), kinds)

    empty = now("voice", "two")
    on(tmp_path, "keep")
    assert now("voice", "two") == empty
    on(tmp_path, "voice", value="anna")
    assert now("voice", "two") != empty
    decisions.undo(tmp_path, "anna")
    assert now("voice", "two") == empty


def test_what_is_decided_after_a_run_has_begun_is_not_its_own(tmp_path, monkeypatch):
    place = {SHA: [(0.0, 1.0)]}
    first = decisions.add(tmp_path, "anna", "keep", place)
    monkeypatch.setenv(decisions.SEEN, json.dumps(decisions.sizes(tmp_path)))
    decisions.undo(tmp_path, "anna")
    decisions.add(tmp_path, "kim", "drop", place, "noisy")
    assert decisions.of(tmp_path) == [first]
    monkeypatch.delenv(decisions.SEEN)
    assert [line.value for line in decisions.of(tmp_path)] == ["noisy"]


def test_texts_are_what_metadata_can_hold(tmp_path):
    on(tmp_path, "text", 1.05, value="an earlier one")
    on(tmp_path, "text", value="  a  pipe | here ")
    assert decided_texts.of(decisions.of(tmp_path)) == [Text(SHA, 1.0, 3.0, "a pipe here", "")]


def test_the_latest_decision_at_a_place_counts(tmp_path):
    for value, (start, end) in {"one": (1, 3), "two": (1.05, 3.05), "far": (2, 3)}.items():
        on(tmp_path, "speaker", start, end, value)
    latest = Latest(decisions.of(tmp_path))
    assert latest.of({"sha256": SHA, "start": 1.0, "end": 3.0}).value == "two"
    assert latest.of({"sha256": SHA, "start": 2.0, "end": 3.02}).value == "far"
    assert latest.of({"sha256": SHA, "start": 0.0, "end": 3.0}) is None
    assert latest.of({"sha256": OTHER, "start": 1.0, "end": 3.0}) is None


SPAN = st.tuples(st.integers(0, 40), st.integers(1, 12)).map(lambda pair: (pair[0] / 4, (pair[0] + pair[1]) / 4))


@given(st.lists(SPAN, max_size=8), st.lists(SPAN, min_size=1, max_size=5))
def test_the_seconds_covered_are_those_counted_one_by_one(spans, clips):
    inside = np.zeros(60 * 4, bool)
    for start, end in spans:
        inside[round(start * 4) : round(end * 4)] = True
    expected = [inside[round(start * 4) : round(end * 4)].sum() / 4 for start, end in clips]
    np.testing.assert_allclose(covered(spans, *np.array(clips).T), expected, atol=1e-9)


def test_a_clip_belongs_to_places_with_half_of_its_seconds():
    recording, start, end = np.array([0, 0, 1]), np.array([0.0, 4.0, 0.0]), np.array([4.0, 6.0, 4.0])
    inside = covers({SHA: [(2, 4.9)]}, [SHA, OTHER], recording, start, end)
    assert inside.tolist() == [True, False, False]


WHOLE = {
    "id": "0" * 32,
    "who": "anna",
    "when": "2026-01-01T00:00:00.000000Z",
    "kind": "keep",
    "places": {SHA: [[1, 2]]},
}
TWO = {"places": {SHA: [[1, 2], [3, 4]]}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"when": "2026-13-45T99:99:99.000000Z"},
        {"when": "9999-12-31T23:59:59.999999Z"},
        {"places": {}},
        {"places": {SHA: []}},
        {"places": {SHA: [[1, 2]], OTHER: [[1, 2]]}},
        TWO,
        {"kind": "join"},
        {"kind": "retime", "times": [1.5]},
        {"kind": "split"},
        {"kind": "split", "times": [1e308]},
        {"kind": "speaker", "value": "../../anna"},
        {"kind": "voice", "value": ".."},
        {"kind": "voice", "value": " "},
        {"kind": "voice", "value": "anna "},
        {"schema": 9},
    ],
)
def test_a_line_that_no_stage_could_read_is_told_and_passed_over(tmp_path, wrong):
    (tmp_path / "anna.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (WHOLE | wrong, WHOLE)))
    lines, faults = decisions.read(tmp_path)
    assert [line.id for line in lines] == ["0" * 32] and len(faults) == 1
    assert "line 1 is passed over: " in faults[0] and ": :" not in faults[0]
    assert on(tmp_path, "keep").when > lines[0].when  # the next one can be added


def test_an_editor_may_leave_its_mark_and_its_line_ends(tmp_path):
    (tmp_path / "anna.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(WHOLE).encode() + b"\r\n")
    assert len(decisions.read(tmp_path)[0]) == 1 and not decisions.read(tmp_path)[1]


@pytest.mark.parametrize("name", ["\udcff", "a\nb"])
def test_a_name_that_cannot_be_written_is_refused_in_a_sentence(tmp_path, name):
    with pytest.raises(ConfigError, match="decisions: "):
        on(tmp_path, "keep", who=name)
    assert not decisions.of(tmp_path)
