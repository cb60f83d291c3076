"""Texts of a person: carried over by place, orphaned where no clip is theirs, back when one is again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import decided_texts, metadata, tables, texts
from pipeline.errors import ConfigError, ManifestError
from pipeline.texts import Text

SHA = "a" * 64


def clip(start: float, end: float, sha256: str = SHA) -> dict:
    return {"id": f"c_{start}_{end}", "sha256": sha256, "start": start, "end": end}


def said(start: float, end: float, text: str = "hello", sha256: str = SHA, normalized: str = "") -> Text:
    return Text(sha256, start, end, text, normalized)


def corpus(folder, clips: list[dict], metadata: str):
    """A corpus folder as export leaves it, metadata.csv filled in by a person."""
    columns = ["clip", "sha256", "start", "end", "duration"]
    tables.write(folder / "clips.csv", columns, [one | {"clip": one["id"]} for one in clips])
    (folder / "metadata.csv").write_text(metadata, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("first", "second", "share"),
    [((0, 1), (0, 1), 1), ((0, 2), (1, 3), 1 / 3), ((0, 1), (1, 2), 0), ((0, 4), (1, 2), 1 / 4), ((1, 1), (1, 1), 0)],
)
def test_overlap_is_the_shared_part_of_what_both_cover(first, second, share):
    assert texts.overlap(first, second) == texts.overlap(second, first) == pytest.approx(share)


def test_a_text_goes_to_the_clip_of_its_place_and_else_is_left_over():
    clips = [clip(0, 2), clip(5.0, 9.1), clip(5.0, 9.0, "b" * 64)]
    written = [said(0, 2, "same"), said(5.05, 9.05, "moved a little"), said(12, 14, "gone"), said(0, 1.7, "too short")]
    given_to, left = texts.carry(written, clips)
    assert {name: one.text for name, one in given_to.items()} == {
        clips[0]["id"]: "same",
        clips[1]["id"]: "moved a little",
    }
    assert [one.text for one in left] == ["gone", "too short"]


def test_of_two_texts_for_a_clip_the_last_counts_and_none_is_dropped():
    first, second = said(0, 2, "first"), said(0, 2, "second")
    given_to, left = texts.carry([first, second], [clip(0, 2)])
    assert list(given_to.values()) == [second] and left == [first]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20), st.text("ab", min_size=1)), max_size=12),
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=12),
)
def test_no_text_is_ever_dropped(written, places):
    held = list(dict.fromkeys(said(start, start + length, text) for start, length, text in written))
    clips = [clip(start, start + length) for start, length in places]
    given_to, left = texts.carry(held, clips)
    assert {(one.text, one.start, one.end) for one in [*given_to.values(), *left]} >= {
        (one.text, one.start, one.end) for one in held if one.text not in {other.text for other in given_to.values()}
    }
    assert {one.text for one in held} == {one.text for one in [*given_to.values(), *left]}


def test_what_was_written_is_gathered_from_all_its_places(tmp_path):
    """metadata.csv, a layout's copy in which a person wrote as well, and texts that have no clip."""
    clips = [clip(0, 2), clip(3, 5), clip(6, 7)]
    first, second, third = (one["id"] for one in clips)
    corpus(tmp_path, clips, f"{first}|Hello.|hello\n{second}||\n{third}|Mine.|\n")
    (tmp_path / "ljspeech").mkdir()
    (tmp_path / "ljspeech" / metadata.WRITTEN).write_text(f"{first}|Hello.|hello\n{second}||\n{third}|Old.|\n")
    (tmp_path / "ljspeech/metadata.csv").write_text(f"{first}|Hello.|hello\n{second}|In a copy.\n{third}|Newer.|\n")
    orphan = {"sha256": SHA, "start": 8.0, "end": 9.0, "text": "orphan", "text_normalized": ""}
    tables.write(tmp_path / texts.ORPHANS, texts.COLUMNS, [orphan])
    assert set(texts.gather(tmp_path)) == {
        said(8, 9, "orphan"),
        said(0, 2, "Hello.", normalized="hello"),
        said(3, 5, "In a copy."),
        said(6, 7, "Mine."),
        said(6, 7, "Newer."),  # both were changed since, so neither is dropped
    }


def test_a_text_that_looks_like_a_formula_or_a_number_or_nothing_comes_back_as_it_was(tmp_path):
    hostile = ["=1+1", "-5", "'quoted'", "0012", "NA", "null", "1e5", '"', "a, b", "'=x"]
    held = [said(i, i + 1, text, normalized=text) for i, text in enumerate(hostile)]
    texts.write(tmp_path, [], {}, held)
    assert texts.gather(tmp_path) == held


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_a_spreadsheet_or_an_editor_of_windows_saved_is_read(tmp_path, newline):
    clips = [clip(0, 2), clip(3, 5)]
    corpus(tmp_path, clips, "")
    lines = [f"{clips[0]['id']}|Grüße|", f" {clips[1]['id']} | spaced | out ", ""]
    (tmp_path / "metadata.csv").write_bytes(b"\xef\xbb\xbf" + newline.join(lines).encode())
    assert [one.text for one in texts.gather(tmp_path)] == ["Grüße", "spaced"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"c_0_2|a|b|c\n", "line 1: expected clip.text .*found 4 fields"),
        (b"c_0_2\n", "line 1: expected .*found 1 fields"),
        (b"c_0_2|mine|\nc_0_2|Heard.|\n", "line 2: 'c_0_2' has another text in a line above"),
        (b"unknown|text|\n", "'unknown' has a text, but clips.csv knows no such clip"),
        (b"c_0_2|caf\xe9|\n", "not in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_guessed(tmp_path, content, said):
    corpus(tmp_path, [clip(0, 2)], "")
    (tmp_path / "metadata.csv").write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        texts.gather(tmp_path)


def test_quotes_that_a_spreadsheet_adds_are_no_persons_text(tmp_path):
    """LibreOffice with | as separator puts a text that has quotes into quotes; a line may stand there twice."""
    names = ["a", "b", "c", "d"]
    said = ['He said "no".', '"All of it"', "none", '"a" and "b"']
    metadata.write(tmp_path, [(name, (text, ""), "") for name, text in zip(names, said, strict=True)], {})
    own = tmp_path / metadata.METADATA
    saved = ['a|"He said ""no""."|', 'b|"""All of it"""|', "c|none|", 'd|"a" and "b"|', "c|none|"]
    own.write_text("\r\n".join(saved))
    assert metadata.by_person(own) == {}


def test_texts_without_the_table_of_their_places_are_not_lost(tmp_path):
    corpus(tmp_path, [clip(0, 2)], "c_0_2|hello|\n")
    (tmp_path / "clips.csv").rename(tmp_path / "clips.csv.old")  # as where an export was cut off
    assert [one.text for one in texts.gather(tmp_path)] == ["hello"]
    (tmp_path / "clips.csv.old").unlink()
    with pytest.raises(ManifestError, match="bring it back"):
        texts.gather(tmp_path)


def test_orphans_are_a_table_that_goes_when_it_is_empty(tmp_path):
    heard = [("a", ("heard 1", "heard one"), ""), ("b", ("bees", "bees"), "bs")]
    texts.write(tmp_path, heard, {"b": said(0, 1, "b's", normalized="bs")}, [said(2, 3)])
    assert (tmp_path / "metadata.csv").read_text() == "a|heard 1|heard one\nb|b's|bs\n"
    assert tables.read(tmp_path / texts.ORPHANS).to_dict("records") == [
        {"sha256": SHA, "start": 2.0, "end": 3.0, "text": "hello", "text_normalized": ""}
    ]
    texts.write(tmp_path, [], {}, [])
    assert not (tmp_path / texts.ORPHANS).exists() and json.dumps((tmp_path / "metadata.csv").read_text()) == '""'


def test_what_a_machine_wrote_is_no_persons_and_what_differs_from_it_is(tmp_path):
    clips = [clip(0, 2), clip(3, 5), clip(6, 7), clip(8, 9)]
    names = [one["id"] for one in clips]
    heard = [(name, (f"Heard {i}.", f"heard {i}"), "") for i, name in enumerate(names)]
    corpus(tmp_path, clips, "")
    texts.write(tmp_path, heard, {}, [])
    assert texts.gather(tmp_path) == []
    own = tmp_path / "metadata.csv"
    lines = own.read_text().splitlines()
    own.write_text(
        "\n".join([f"{names[0]}|Corrected 1.|heard 0", f"{names[1]}||", f"{names[2]}|Heard 2.|by hand", lines[3]])
    )
    written = [said(0, 2, "Corrected 1."), said(3, 5, ""), said(6, 7, "Heard 2.", normalized="by hand")]
    assert texts.gather(tmp_path) == written
    digest = decided_texts.digest(tmp_path, [])

    # Export writes them again, with the normalised form of the corrected text; they stay the person's, whatever a
    # machine hears later.
    carried, left = texts.carry(texts.gather(tmp_path), clips)
    spelled = {names[0]: "corrected one"}
    texts.write(tmp_path, [(name, version, spelled.get(name, "")) for name, version, _ in heard], carried, left)
    assert own.read_text().splitlines() == [
        f"{names[0]}|Corrected 1.|corrected one",
        f"{names[1]}||",
        f"{names[2]}|Heard 2.|by hand",
        f"{names[3]}|Heard 3.|heard 3",
    ]
    assert texts.gather(tmp_path) == written and decided_texts.digest(tmp_path, []) == digest
    texts.write(tmp_path, [(name, ("Later.", ""), "") for name in names], carried, left)
    assert texts.gather(tmp_path) == written and not left
    assert metadata.read(own)[names[3]] == ("Later.", "")
