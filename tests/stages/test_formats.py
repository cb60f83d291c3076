"""What the layouts have in common: types, texts, splits kept, the same bytes again, the card, errors."""

import hashlib
import json
from pathlib import Path

import pytest
import yaml
from small_corpus import ALL, SHARES, make_corpus, run

from install import pins
from pipeline import metadata, tables, texts
from pipeline.errors import ConfigError, ManifestError
from stages.formats import card, layouts
from stages.formats.clips import Clips, batches
from stages.formats.splits import NAMES, Shares


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """(corpus folder with its card and one layout, its rows)."""
    corpus = tmp_path_factory.mktemp("formats") / "corpus"
    rows = make_corpus(corpus)
    run(corpus, "huggingface", described='{"engine": "onnx"}')
    return corpus, rows


@pytest.mark.parametrize("name", ALL)
def test_a_layout_carries_what_it_is_called_and_needs(name):
    layout = layouts.known()[name]
    assert layout.HELP and f"`{name}/`" in layout.LOADING and isinstance(layout.NEEDS, tuple)


def test_types_come_from_all_values_and_names_stay_text(small, monkeypatch):
    corpus, rows = small
    monkeypatch.setattr(tables, "CHUNK", 7)
    clips = Clips(corpus, SHARES)
    assert {name: clips.columns[name] for name in ("title", "episode", "snr_db", "speaker", "licence")} == {
        "title": str,
        "episode": int,
        "snr_db": float,
        "speaker": str,
        "licence": str,
    }
    assert list(clips.rows()) == rows
    assert list(clips.rows("test")) == [row for row in rows if row["split"] == "test"]


def test_batches_hold_the_limit():
    assert list(batches([1, 2, 3, 9, 1], lambda row: row, 5)) == [[1, 2], [3], [9], [1]]


def digests(folder: Path) -> dict[str, str]:
    """Every file of a folder, by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_another_run_gives_the_same_bytes_and_clears_what_a_crash_left(tmp_path):
    first, second = tmp_path / "a" / "corpus", tmp_path / "other place" / "corpus"
    for corpus in (first, second):
        make_corpus(corpus, with_texts=True)
    run(first, *ALL)
    (second / ".new-formats" / "kaldi").mkdir(parents=True)
    (second / "nemo").mkdir()
    (second / "nemo" / "old.jsonl").touch()
    run(second, *ALL)
    assert digests(first) == digests(second)
    run(second, "nemo")
    left = {"README.md", "clips.csv", "rejects.csv", "metadata.csv", "splits.csv", "wavs", "statistics.json"}
    assert {path.name for path in second.iterdir()} == left | {".voxsieve", ".metadata.csv", "nemo"}


def splits_of(corpus: Path) -> dict[str, str]:
    return {row["clip"]: row["split"] for row in Clips(corpus, SHARES).rows()}


def test_splits_stay_when_recordings_are_added_and_another_seed_draws_anew(tmp_path):
    corpus = tmp_path / "corpus"
    rows = make_corpus(corpus)
    whole = (corpus / "clips.csv").read_text()
    tables.write(corpus / "clips.csv", [name for name in rows[0] if name != "split"], rows[:30])
    run(corpus)
    first = splits_of(corpus)
    (corpus / "clips.csv").write_text(whole)
    run(corpus)
    assert first.items() <= splits_of(corpus).items() and set(splits_of(corpus).values()) == set(NAMES)
    table = (corpus / "splits.csv").read_text()
    run(corpus, shares=Shares(SHARES.validation, SHARES.test, SHARES.seed + 1))
    assert (corpus / "splits.csv").read_text() != table


def test_clips_between_splits_are_counted_and_told(tmp_path, caplog):
    corpus = tmp_path / "corpus"
    rows = make_corpus(corpus)
    for i, row in enumerate(rows):  # one recording, a clip a second
        row |= {"sha256": rows[0]["sha256"], "start": float(i), "end": i + row["duration"]}
    tables.write(corpus / "clips.csv", [name for name in rows[0] if name != "split"], rows)
    caplog.set_level("INFO")
    run(corpus, "nemo")
    apart = 80 - sum(len((corpus / "nemo" / f"{name}.jsonl").read_text().splitlines()) for name in NAMES)
    assert apart > 0 and f"within 2 s of another split's clip: {apart}" in caplog.text
    assert f"in the same recording: {apart} (" in (corpus / "README.md").read_text()


def test_texts_that_a_person_wrote_into_a_layout_are_taken_up(tmp_path):
    corpus = tmp_path / "corpus"
    rows = make_corpus(corpus, with_texts=True)
    run(corpus, "ljspeech")
    own, copy = corpus / "metadata.csv", corpus / "ljspeech" / "metadata.csv"
    assert copy.read_text() == own.read_text()
    recorded = json.loads((corpus.parent / "work" / "formats" / "corpus.json").read_text())
    assert recorded["texts"] == {"metadata.csv": metadata.digest(own), "ljspeech/metadata.csv": metadata.digest(copy)}
    lines = own.read_text().splitlines()
    copy.write_text("\n".join([f"{rows[0]['clip']}|from the copy|", *lines[1:]]) + "\n")
    own.write_text("\n".join([*lines[:1], f"{rows[1]['clip']}|from the corpus|", *lines[2:]]) + "\n")
    run(corpus, "ljspeech")
    said = texts.of_clips(corpus)
    assert said[rows[0]["clip"]] == ("from the copy", "") and said[rows[1]["clip"]] == ("from the corpus", "")
    assert copy.read_text() == own.read_text() and not (corpus / "orphaned_texts.csv").exists()
    for path, text in ((own, "one"), (copy, "two")):  # both were changed: the copy counts, the other is not dropped
        path.write_text(path.read_text().replace("from the copy", text))
    run(corpus, "ljspeech")
    assert texts.of_clips(corpus)[rows[0]["clip"]] == ("two", "")
    assert tables.read(corpus / "orphaned_texts.csv")["text"].tolist() == ["one"]


def test_the_card(small):
    corpus, rows = small
    text = (corpus / "README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(text.split("---\n")[1])
    assert header["size_categories"] == ["n<1K"] and header["license"] == "other"
    assert [files["split"] for files in header["configs"][0]["data_files"]] == list(NAMES)
    seconds = sum(row["end"] - row["start"] for row in rows)
    assert f"80 clips, {seconds / 3600:.3f} hours of 4 speakers, from 40 recordings" in text
    for word in ("CC BY 4.0", "not stated", "engine: onnx", "김 민수", "seed 3", *pins.PINNED, *pins.PINNED.values()):
        assert word in text
    assert 'odd "name", with newline.mp3' in text and "пример&#124;pipe.ogg" in text
    assert str(corpus.parent) not in text and "No clip has a text." in text


def test_the_card_tells_how_many_clips_have_texts(tmp_path):
    rows = make_corpus(tmp_path / "corpus", with_texts=True)
    run(tmp_path / "corpus")
    count = sum(bool(row["text"]) for row in rows)
    assert f"{count} of 80 clips have a text" in (tmp_path / "corpus" / "README.md").read_text()


@pytest.mark.parametrize("clips, word", [(0, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**7, "n>10M")])
def test_size_categories(clips, word):
    assert card.size_category(clips) == word


def test_errors_say_what_to_do(tmp_path):
    corpus = tmp_path / "corpus"
    with pytest.raises(ConfigError, match="not a corpus that voxsieve made: run the export stage"):
        run(corpus, "nemo")
    rows = make_corpus(corpus)
    (corpus / rows[5]["path"]).unlink()
    with pytest.raises(ManifestError, match=f"{rows[5]['clip']}: .* run the export stage again"):
        run(corpus, "nemo")
    assert not (corpus / "nemo").exists()
    table = (corpus / "clips.csv").read_text()
    (corpus / "clips.csv").write_text(table.replace("sample_rate", "rate"))
    with pytest.raises(ManifestError, match="no column sample_rate, which the layout kaldi needs: export it again"):
        run(corpus, "kaldi")
    (corpus / "clips.csv").write_text(table + "r1,too,few\n")
    with pytest.raises(ManifestError, match="row 81: 'source' is empty: export it again"):
        run(corpus, "kaldi")


def test_a_corpus_without_clips_has_empty_layouts(tmp_path):
    corpus = tmp_path / "corpus"
    make_corpus(corpus)
    table = corpus / "clips.csv"
    table.write_text(table.read_text().splitlines()[0] + "\n")
    run(corpus, *ALL)
    assert (corpus / "ljspeech" / "metadata.csv").read_text() == ""
    assert "0 clips" in (corpus / "README.md").read_text()


def test_names_that_are_not_utf8_stay_legible_in_layouts(tmp_path):
    corpus = tmp_path / "corpus"
    rows = make_corpus(corpus)
    rows[10]["source"] = "show\udcff.mp3"
    tables.write(corpus / "clips.csv", [name for name in rows[0] if name != "split"], rows)
    run(corpus, "huggingface", "webdataset")
    assert r"show\xff.mp3" in {row["source"] for row in Clips(corpus, SHARES).rows()}
