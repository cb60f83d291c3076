"""What the exports have in common: splits, types, the same bytes again, the card, errors."""

import hashlib
from pathlib import Path

import pytest
import yaml
from small_corpus import SPLITS, make_corpus, run

from install import weights
from pipeline.errors import ConfigError, ManifestError
from stages import formats
from stages.formats import card
from stages.formats.clips import Clips, batches
from stages.formats.splits import NAMES, TEST, TRAIN, VALIDATION, Splits


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """(corpus folder with its card and one format, its rows)."""
    corpus = tmp_path_factory.mktemp("formats") / "corpus"
    rows = make_corpus(corpus)
    run(corpus, "--format=huggingface", '--settings={"engine": "onnx"}')
    return corpus, rows


def test_splits_are_of_recordings_and_independent():
    names = [f"folder/show {i}.mp3" for i in range(20_000)]
    found = {name: Splits(0.05, 0.1, 0).of(name) for name in names}
    shares = {split: list(found.values()).count(split) / len(names) for split in NAMES}
    assert shares == pytest.approx({TRAIN: 0.85, VALIDATION: 0.05, TEST: 0.1}, abs=0.01)
    wider = {name: Splits(0.2, 0.1, 0).of(name) for name in names}
    assert all(wider[name] == found[name] for name in names if found[name] != TRAIN)
    assert any(Splits(0.05, 0.1, 1).of(name) != found[name] for name in names)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (-0.1, 0.1)])
def test_shares_that_leave_nothing_to_train_on_are_refused(shares):
    with pytest.raises(ConfigError, match="export.split"):
        Splits(*shares, 0)


def test_types_come_from_all_values_and_names_stay_text(small):
    corpus, rows = small
    clips = Clips(corpus, SPLITS)
    assert {name: clips.columns[name] for name in ("title", "episode", "snr_db", "speaker", "licence")} == {
        "title": str,
        "episode": int,
        "snr_db": float,
        "speaker": str,
        "licence": str,
    }
    assert list(clips.rows()) == rows


def test_batches_hold_the_limit():
    assert list(batches([1, 2, 3, 9, 1], lambda row: row, 5)) == [[1, 2], [3], [9], [1]]


def digests(folder: Path) -> dict[str, str]:
    """Every file of a folder, by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_another_run_gives_the_same_bytes_and_clears_what_a_crash_left(tmp_path):
    first, second = tmp_path / "a", tmp_path / "other place"
    for corpus in (first, second):
        make_corpus(corpus)
    wanted = [f"--format={name}" for name in formats.FORMATS]
    run(first, *wanted)
    (second / "kaldi.new" / "train").mkdir(parents=True)
    (second / "nemo").mkdir()
    (second / "nemo" / "old.jsonl").touch()
    run(second, *wanted)
    assert digests(first) == digests(second)
    run(second, "--format=nemo")
    made = {"README.md", "clips.csv", "wavs", "statistics.json", ".voxsieve", "nemo"}
    assert {path.name for path in second.iterdir()} == made


def test_the_card(small):
    corpus, rows = small
    text = (corpus / "README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(text.split("---\n")[1])
    assert header["size_categories"] == ["n<1K"] and header["license"] == "other"
    assert [one["split"] for one in header["configs"][0]["data_files"]] == list(NAMES)
    seconds = sum(row["end"] - row["start"] for row in rows)
    assert f"80 clips, {seconds / 3600:.3f} hours of 4 speakers, from 40 recordings" in text
    for word in (
        "CC BY 4.0",
        "not stated",
        "engine: onnx",
        "김 민수",
        "seed 3",
        *weights.PINNED,
        *weights.PINNED.values(),
    ):
        assert word in text
    assert 'odd "name", with newline.mp3' in text and "пример&#124;pipe.ogg" in text
    assert str(corpus.parent) not in text


@pytest.mark.parametrize("clips, word", [(0, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**7, "n>10M")])
def test_size_categories(clips, word):
    assert card.size_category(clips) == word


def test_errors_say_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="not a corpus that voxsieve made: run the export stage"):
        run(tmp_path, "--format=nemo")
    rows = make_corpus(tmp_path / "corpus")
    (tmp_path / "corpus" / rows[5]["path"]).unlink()
    with pytest.raises(ManifestError, match=f"{rows[5]['clip']}: .* run the export stage again"):
        run(tmp_path / "corpus", "--format=nemo")
    assert not (tmp_path / "corpus" / "nemo").exists()
    with open(tmp_path / "corpus" / "clips.csv", "a") as lines:
        lines.write("r1,too,few\n")
    with pytest.raises(ManifestError, match="clip 81: expected 15 columns, found 3"):
        run(tmp_path / "corpus", "--format=kaldi")


def test_a_corpus_without_clips_has_empty_exports(tmp_path):
    make_corpus(tmp_path)
    table = tmp_path / "clips.csv"
    table.write_text(table.read_text().splitlines()[0] + "\n")
    run(tmp_path, *(f"--format={name}" for name in formats.FORMATS))
    assert (tmp_path / "ljspeech" / "metadata.csv").read_text() == ""
    assert "0 clips" in (tmp_path / "README.md").read_text()


def test_names_that_are_not_utf8_do_not_stop_an_export(tmp_path):
    make_corpus(tmp_path)
    table = tmp_path / "clips.csv"
    table.write_bytes(table.read_bytes().replace(b"show05.mp3", b"show\xff.mp3"))
    run(tmp_path, "--format=huggingface", "--format=webdataset")
    assert "show\ufffd.mp3" in {row["source"] for row in Clips(tmp_path, SPLITS).rows()}
