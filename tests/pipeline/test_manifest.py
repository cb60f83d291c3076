"""The manifest contract: what is refused, and that nothing disappears."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import manifest, rows
from pipeline.errors import ManifestError
from pipeline.rows import Clip, Embedded, NormalizedClip, Recording, Segmented
from tests.conftest import row


def test_round_trip_keeps_any_name(tmp_path):
    names = ("a 'b' \"c\".mp3", "new\nline.mp3", "🎙 라디오.mp3", "broken\udce9.mp3")
    written = [row(Recording, source=name) for name in names]
    manifest.write(tmp_path / "m.jsonl", written, Recording)
    assert manifest.read(tmp_path / "m.jsonl", Recording) == written


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": "0"}, "field 'start' expected a valid number, found '0'"),
        ({"end": float("nan")}, "field 'end' expected a finite number, found nan"),
        ({"end": float("inf")}, "field 'end' expected a finite number, found inf"),
        ({"channels": True}, "field 'channels' expected a valid integer, found True"),
        ({"downmix": "mean"}, "field 'downmix' expected a valid list, found 'mean'"),
        ({"peak": None}, "field 'peak' expected a valid number, found None"),
        ({"schema": 1}, "field 'schema' expected 2, found 1: it was written by another version"),
        ({"start": 2.0}, "expected 0 <= start <= end, found 2.0 and 1.0"),
        ({"start": -1.0}, "expected 0 <= start <= end, found -1.0 and 1.0"),
    ],
)
def test_a_row_that_does_not_fit_names_place_field_expected_found(tmp_path, change, said):
    with pytest.raises(ManifestError, match="row 2: ") as error:
        manifest.write(tmp_path / "m.jsonl", [row(Recording), row(Recording) | change], Recording)
    assert said in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_missing_field_and_a_torn_line_name_the_line(tmp_path):
    path = tmp_path / "m.jsonl"
    manifest.write(path, [row(Recording)], Recording)
    path.write_text(path.read_text() + '{"schema": 2')
    with pytest.raises(ManifestError, match=r"m\.jsonl, line 2: expected a JSON object"):
        manifest.read(path)
    path.write_text('{"schema": 2}\n')
    with pytest.raises(ManifestError, match="line 1: field 'id' is missing"):
        manifest.read(path)
    path.write_text("[2]\n")
    with pytest.raises(ManifestError, match="line 1: "):
        manifest.read(path)


def test_a_missing_manifest_is_no_empty_manifest_and_names_its_stage(tmp_path):
    with pytest.raises(ManifestError, match=r"does not exist: run the stage .*-R slice"):
        manifest.read(tmp_path / "slice/s0000/manifest.jsonl")


@pytest.mark.parametrize(
    ("written", "wanted", "field"),
    [(Recording, Clip, "label"), (Clip, NormalizedClip, "lufs"), (NormalizedClip, Segmented, "codec")],
)
def test_a_manifest_of_another_stage_is_told_by_the_field_that_it_lacks(tmp_path, written, wanted, field):
    path = tmp_path / "manifest.jsonl"
    manifest.write(path, [row(written)], written)
    with pytest.raises(
        ManifestError, match=f"line 1: field '{field}' is missing, .*no row of the kind {wanted.__name__}"
    ):
        manifest.read(path, wanted)


def test_a_row_keeps_what_its_kind_does_not_ask_for(tmp_path):
    manifest.write(tmp_path / "m.jsonl", [row(Recording, url="https://a.example", male=0.5)], Recording)
    (read,) = manifest.read(tmp_path / "m.jsonl", Recording)
    assert read["url"] == "https://a.example" and read["male"] == 0.5


def test_a_streamed_manifest_is_the_one_that_was_written_and_a_bad_line_is_named(tmp_path):
    path = tmp_path / "manifest.jsonl"
    with manifest.writing(path, Clip) as add:
        add(row(Clip))
        assert not path.exists()
    assert list(manifest.stream(path, Clip)) == manifest.read(path, Clip) == [row(Clip)]
    path.write_text(path.read_text() + "{\n")
    with pytest.raises(ManifestError, match="line 2"):
        list(manifest.stream(path, Clip))
    with pytest.raises(ManifestError, match="does not exist"):
        list(manifest.stream(tmp_path / "none.jsonl"))


def test_a_manifest_that_is_cut_off_leaves_the_old_one(tmp_path):
    path = tmp_path / "manifest.jsonl"
    manifest.write(path, [row(Clip)], Clip)
    with pytest.raises(ManifestError), manifest.writing(path, Clip) as add:
        add(row(Clip, end=2.0))
        add({"id": "broken"})
    assert manifest.read(path, Clip) == [row(Clip)] and list(tmp_path.iterdir()) == [path]


@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=20), st.data())
def test_parts_of_a_row_add_up_or_are_refused(lengths, data):
    edges = [sum(lengths[:i]) for i in range(len(lengths) + 1)]
    whole = row(Recording, end=edges[-1])
    kept, rejects = [], []
    for i, (start, end) in enumerate(zip(edges, edges[1:], strict=False)):
        if i == 0 or data.draw(st.booleans()):
            kept.append(row(Clip, id=f"c{i}", parent_id="r000000", start=start, end=end))
        else:
            rejects.append(manifest.reject(whole, "slice", "music", "", (f"d{i}", start, end)))
    manifest.check_complete([whole], kept, rejects)
    with pytest.raises(ManifestError, match=r"kept and rejected seconds are|not accounted for"):
        manifest.check_complete([whole], kept[1:], rejects)


def test_an_input_is_a_parent_or_a_reject_once():
    whole = row(Recording)
    dropped = manifest.reject(whole, "slice", "no_speech", "None.")
    manifest.check_complete([whole], [], [dropped])
    with pytest.raises(ManifestError, match="not accounted for"):
        manifest.check_complete([whole], [], [dropped, dropped])
    with pytest.raises(ManifestError, match="not accounted for"):
        manifest.check_complete([whole], [row(Clip, parent_id="r000000")], [dropped])


def test_a_fact_accounts_for_the_clip_of_its_id_as_a_whole():
    clips = [row(NormalizedClip, start=float(i), end=i + 0.7) for i in range(2)]
    facts = [row(Embedded, id=clip["id"]) for clip in clips]
    manifest.check_complete(clips, facts, [])
    manifest.check_complete(clips, facts[:1], [manifest.reject(clips[1], "embed", "error", "Torn.")])
    with pytest.raises(ManifestError, match="not accounted for"):
        manifest.check_complete(clips, facts[:1], [])
    with pytest.raises(ManifestError, match="not accounted for"):
        manifest.check_complete(clips, facts, [manifest.reject(clips[1], "embed", "error", "Torn.")])


def test_an_id_is_the_recording_and_the_place_in_it():
    assert rows.clip_id("r000012", 61.77, 67.28) == "r000012_0061770_0067280"
    assert rows.clip_id("r000012", 0.0, 10001.5) == "r000012_0000000_10001500"


@pytest.mark.parametrize("text", [None, '{"shards": ["s00'])
def test_an_index_that_is_not_there_or_torn_is_told(tmp_path, text):
    if text:
        (tmp_path / "index").mkdir()
        (tmp_path / "index/shards.json").write_text(text)
    with pytest.raises(ManifestError, match="-R index"):
        manifest.shards(tmp_path)


def test_a_reject_is_one_line_whatever_its_message(tmp_path):
    told = manifest.reject(row(Recording), "index", "error", "Two\nlines\t and more.")
    assert told["message"] == "Two lines and more."
    manifest.write(tmp_path / "r.jsonl", [told], rows.Reject)
    assert json.loads((tmp_path / "r.jsonl").read_text())["parent_id"] is None
