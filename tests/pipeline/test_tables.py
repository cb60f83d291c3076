"""The corpus's tables: what is written is read again, whatever it looks like, and a spreadsheet runs none of it."""

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import tables
from pipeline.errors import ManifestError

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=8)


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, st.floats(allow_nan=False, allow_infinity=False)), max_size=6))
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("tables") / "clips.csv"
    written = [{"source": name, "start": number} for name, number in rows]
    tables.write(path, ["source", "start"], written)
    assert tables.read(path).to_dict("records") == written


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "'=x", "''=x", "'x", "NA", "007", ""])
def test_a_text_that_a_spreadsheet_takes_for_a_formula_is_none_and_comes_back(tmp_path, text):
    path = tmp_path / "clips.csv"
    tables.write(path, ["title", "text"], [{"title": text, "text": "x"}])
    with open(path, encoding="utf-8", newline="") as lines:
        (stored,) = csv.DictReader(lines)
    assert not stored["title"].startswith(tables.FORMULA)
    assert tables.read(path)["title"].tolist() == [text]


def test_a_name_that_is_not_utf8_is_told_by_its_bytes_and_the_table_stays_utf8(tmp_path):
    path = tmp_path / "rejects.csv"
    tables.write(path, ["source"], [{"source": "caf\udce9.mp3"}, {"source": "café.mp3"}, {"source": "a\\b\udce9"}])
    path.read_bytes().decode("utf-8")
    assert tables.read(path)["source"].tolist() == ["caf\\xe9.mp3", "café.mp3", "a\\\\b\\xe9"]


@pytest.mark.parametrize("text", ["a\rb", "\r", "a\r\nb", "\r=1"])
def test_a_carriage_return_breaks_no_row(tmp_path, text):
    path = tmp_path / "rejects.csv"
    tables.write(path, ["source", "start"], [{"source": text, "start": 1.5}, {"source": "b", "start": 2.5}])
    with open(path, encoding="utf-8", newline="") as lines:
        assert [len(row) for row in csv.reader(lines)] == [2, 2, 2]
    wanted = text.replace("\r", "\\x0d")
    assert tables.read(path).to_dict("records") == [{"source": wanted, "start": 1.5}, {"source": "b", "start": 2.5}]


def test_columns_that_are_not_there_are_told_and_none_is_left_out(tmp_path):
    path = tmp_path / "clips.csv"
    tables.write(path, ["clip", "snr_db"], [{"clip": "a"}, {"clip": "b", "snr_db": 3.5}])
    assert path.read_text() == "clip,snr_db\na,\nb,3.5\n"
    assert tables.read(path, only=["clip", "other"]).columns.tolist() == ["clip"]
    with pytest.raises(ManifestError, match="expected a column 'sha256'"):
        tables.read(path, ["clip", "sha256"])
    with pytest.raises(ManifestError, match="does not exist"):
        tables.read(tmp_path / "none.csv")


@pytest.mark.parametrize("data", [b"", b"clip\n\xff\n", b'clip\n"torn\n'])
def test_what_is_no_table_is_told_in_a_sentence(tmp_path, data):
    path = tmp_path / "clips.csv"
    path.write_bytes(data)
    with pytest.raises(ManifestError, match="cannot be read as a CSV table in UTF-8"):
        tables.read(path)
