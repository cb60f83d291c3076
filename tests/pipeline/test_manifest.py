"""The manifest contract: what is refused, and that nothing disappears."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import manifest
from pipeline.errors import ManifestError
from tests.conftest import row


def test_round_trip_keeps_any_name(tmp_path):
    rows = [row(source=name) for name in ("a 'b' \"c\".mp3", "new\nline.mp3", "🎙 라디오.mp3", "broken\udce9.mp3")]
    manifest.write(tmp_path / "m.jsonl", rows)
    assert manifest.read(tmp_path / "m.jsonl") == rows


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": "0"}, "field 'start' expected float, found '0'"),
        ({"end": float("nan")}, "field 'end' expected float, found nan"),
        ({"channels": True}, "field 'channels' expected int, found True"),
        ({"schema": 2}, "field 'schema' expected 1, found 2"),
        ({"start": 2.0}, "expected 0 <= start <= end, found 2.0 and 1.0"),
    ],
)
def test_a_row_that_does_not_fit_names_place_field_expected_found(tmp_path, change, said):
    with pytest.raises(ManifestError, match="row 2: ") as error:
        manifest.write(tmp_path / "m.jsonl", [row(), row(**change)])
    assert said in str(error.value)
    assert not (tmp_path / "m.jsonl").exists()


def test_a_missing_field_and_a_torn_line_name_the_line(tmp_path):
    path = tmp_path / "m.jsonl"
    manifest.write(path, [row()])
    path.write_text(path.read_text() + '{"schema": 1')
    with pytest.raises(ManifestError, match=r"m\.jsonl, line 2: expected a JSON object"):
        manifest.read(path)
    path.write_text('{"schema": 1}\n')
    with pytest.raises(ManifestError, match="line 1: field 'id' is missing"):
        manifest.read(path)


def test_a_missing_manifest_is_no_empty_manifest(tmp_path):
    with pytest.raises(ManifestError, match="does not exist"):
        manifest.read(tmp_path / "m.jsonl")


@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=20), st.data())
def test_parts_of_a_row_add_up_or_are_refused(lengths, data):
    edges = [sum(lengths[:i]) for i in range(len(lengths) + 1)]
    whole = row(end=edges[-1], duration=edges[-1])
    kept, rejects = [], []
    for i, (start, end) in enumerate(zip(edges, edges[1:], strict=False)):
        if i == 0 or data.draw(st.booleans()):
            kept.append(row(id=f"c{i}", parent_id="r000000", start=start, end=end))
        else:
            rejects.append(manifest.reject(whole, "slice", "music", "", (f"d{i}", start, end)))
    manifest.check_complete([whole], kept, rejects)
    with pytest.raises(ManifestError, match=r"kept and rejected seconds are|not accounted for"):
        manifest.check_complete([whole], kept[1:], rejects)


def test_an_input_is_a_parent_or_a_reject_once():
    whole = row()
    dropped = manifest.reject(whole, "slice", "no_speech", "None.")
    manifest.check_complete([whole], [], [dropped])
    with pytest.raises(ManifestError, match="not accounted for"):
        manifest.check_complete([whole], [], [dropped, dropped])
    with pytest.raises(ManifestError, match="not accounted for"):
        manifest.check_complete([whole], [row(id="c", parent_id="r000000")], [dropped])
