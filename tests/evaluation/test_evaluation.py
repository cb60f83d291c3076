"""The figures of evaluation.__main__ on a timeline small enough to count by hand."""

import json
import re

import numpy as np
import pytest

from crawl.item import Item, reject_row
from evaluation import __main__ as evaluate
from evaluation import accounts, purity, timeline
from pipeline import manifest, rows, tables
from pipeline.errors import ConfigError, ManifestError
from stages.index.__main__ import from_crawl
from tests.conftest import program, row

HEAD = "start,end,label,speaker,gender\n"


@pytest.fixture
def truths(tmp_path):
    rows = "0,2,music,,\n2,4,speech,ann,F\n4,4.5,silence,,\n4.5,6.5,speech,ann,F\n6.5,7,noise,,\n7,9,speech,bob,M\n"
    (tmp_path / "show.csv").write_text(HEAD + rows)
    return {"show": timeline.read_truth(tmp_path / "show.csv")}


def kept(*spans: tuple[float, float]) -> dict[str, np.ndarray]:
    mask = np.zeros(900, bool)
    for start, stop in spans:
        mask[round(start * 100) : round(stop * 100)] = True
    return {"show": mask}


def test_a_pause_inside_the_own_speech_counts_neither_way(truths):
    found = purity.purity(truths, kept((2, 6.5)), "ann")
    assert found == {"kept_s": 4.5, "precision": 1.0, "others": 0.0, "background": 0.0, "recall": 1.0}


def test_others_and_background_are_told_apart(truths):
    found = purity.purity(truths, kept((1, 4), (6.5, 8)), "ann")
    assert found["precision"] == pytest.approx(2 / 4.5)
    assert found["background"] == pytest.approx(1.5 / 4.5)
    assert found["others"] == pytest.approx(1 / 4.5)
    assert found["recall"] == pytest.approx(0.5)


def test_nothing_kept_is_no_recall(truths):
    assert purity.purity(truths, {}, "ann")["recall"] == 0.0


def test_labels(truths):
    spans = [("music", 0.0, 2.0), ("female", 2.0, 6.5), ("noEnergy", 6.5, 7.0), ("female", 7.0, 9.0)]
    found = purity.labels_of(truths, {"show": spans})
    assert found["speech_or_not"] == pytest.approx(8.5 / 9)
    assert found["gender_female"] == 1.0 and found["gender_male"] == 0.0
    assert found["five_classes"] == pytest.approx(6 / 9)


def test_a_voice_without_a_name_stands_for_whom_it_holds(truths):
    assert purity.nearest_speaker(truths, kept((2, 4), (7, 8))) == "ann"


def test_ends_inside_speech_are_counted(truths):
    clips = [
        {"source": "a/show.mp3", "start": "2.05", "end": "3.5"},
        {"source": "a/show.mp3", "start": "4.6", "end": "6.6"},
    ]
    assert purity.cut_share(truths, clips) == 1 / 4


def test_speech_takes_the_gender_of_its_clips_voice():
    spans = [("female", 2.0, 6.0), ("music", 6.0, 9.0)]
    assert timeline.regender(spans, [("male", 5.0, 7.0)]) == [*spans, ("male", 5.0, 6.0)]


def test_every_second_lost_has_its_step(truths):
    kept = np.zeros(900, bool)
    kept[200:350] = True
    found = accounts.lost(truths["show"].speaker, kept, [("slice: too_short", 3.0, 5.0)], "ann", 100)
    assert found == {"kept": 150, "slice: too_short": 100, "elsewhere": 150}


def test_si_sdr_is_that_of_what_was_added_and_ignores_scale():
    rng = np.random.default_rng(0)
    clean, noise = rng.standard_normal(16000), rng.standard_normal(16000)
    assert accounts.si_sdr(0.1 * (clean + 0.1 * noise), clean) == pytest.approx(20, abs=0.2)


def test_a_recording_that_nothing_was_kept_of_counts(tmp_path):
    (tmp_path / "clips.csv").write_text("source\none.mp3\n")
    (tmp_path / "rejects.csv").write_text("source\none.mp3\ntwo.flac\n")
    assert timeline.recordings(tmp_path) == {"one", "two"}


@pytest.mark.parametrize(("row", "told"), [("0,2,speech,ann,X", "gender M or F"), ("0,2,applause,,", "found applause")])
def test_a_timeline_that_cannot_be_read_is_told_with_its_row(tmp_path, row, told):
    (tmp_path / "show.csv").write_text(HEAD + row + "\n")
    with pytest.raises(ConfigError, match=f"show.csv.*{told}"):
        timeline.read_truth(tmp_path / "show.csv")


def test_a_folder_that_is_no_corpus_is_told(tmp_path):
    with pytest.raises(ManifestError, match="clips.csv does not exist"):
        timeline.read_clips(tmp_path)


def test_two_recordings_of_one_name_are_told_not_mixed(tmp_path):
    (tmp_path / "clips.csv").write_text("source\na/one.mp3\nb/one.mp3\n")
    (tmp_path / "rejects.csv").write_text("source\n")
    with pytest.raises(ConfigError, match="a/one.mp3 and b/one.mp3"):
        timeline.recordings(tmp_path)


def test_a_voice_that_is_kept_where_nobody_speaks_is_told(tmp_path, truths):
    (tmp_path / "clips.csv").write_text("source,speaker,start,end\nshow.mp3,voice1,0,1.5\n")
    assert "voice1                   nobody speaks" in evaluate.report(truths, tmp_path, tmp_path)


def test_what_the_crawl_could_not_bring_in_stops_nothing(tmp_path):
    """Two episodes of one title that are gone, as the crawl and then the index tell of them."""
    work, corpus = tmp_path / "work", tmp_path / "corpus"
    items = [Item("http", "http:https://a.example", f"key{i}", f"https://a.example/{i}", title="Episode") for i in "ab"]
    refused = [reject_row(f"u{item.key}", "gone", "404 Not Found.", item) for item in items]
    brought = {"path": "show.mp3", "source": "http/show.mp3"}
    for name, lines in (("rejects", refused), ("manifest", [brought])):
        manifest.write_text(work / f"crawl/{name}.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "show.mp3").touch()
    _, rejects = from_crawl(work / "crawl/manifest.jsonl", tmp_path / "downloads")
    lost = manifest.reject(row(rows.Recording, source="http/show.mp3", end=9.0), "slice", "music", "", ("d", 0.0, 2.0))
    manifest.write(work / "index/rejects.jsonl", rejects, rows.Reject)
    manifest.write(work / "slice/s0000/rejects.jsonl", [lost], rows.Reject)
    clip = {"clip": "c", "source": "http/show.mp3", "speaker": "ann", "start": 2.0, "end": 4.0}
    tables.write(corpus / "clips.csv", list(clip), [clip])
    tables.write(corpus / "rejects.csv", ["source", "stage"], [*rejects, lost])
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth/show.csv").write_text(HEAD + "0,2,speech,ann,F\n2,4,speech,ann,F\n4,9,music,,\n")
    places = ["--truth", tmp_path / "truth", "--corpus", corpus, "--work", work]
    said = program("evaluation", *places).stdout
    assert "1.0000" in said and "without a timeline" not in said
    assert re.search(r"slice: music +2\.00\n", said) and re.search(r"kept +2\.00\n", said)
