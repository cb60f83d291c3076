"""The report: its parts against numbers known beforehand, hostile names, what is missing, and a real browser."""

import json
import os
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from report_corpus import EVIL, Reader, make, run

from engines import scores
from pipeline.errors import ConfigError, ManifestError
from stages.report import __main__ as report
from stages.report import compare, funnel, histograms, players, reading, spectrograms, strips, thresholds, words

BROWSER = (Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver"))


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> tuple[Path, Path]:
    return make(tmp_path_factory.mktemp("report"))


def test_page_is_whole_safe_and_repeatable(small):
    text = run(*small, "--filters={dnsmos_ovrl: {min: 2.5}}")
    page = Reader(text)
    assert len(page.all("script")) == 1 and all("onerror" not in attributes for _, attributes in page.tags)
    assert all(image["src"].startswith("data:image/png") for image in page.all("img"))
    sources = [value for _, tag in page.tags for name, value in tag.items() if name in ("src", "href")]
    assert all(value.startswith(("data:", "#")) for value in sources)
    assert "default-src 'none'" in next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    assert all(svg.get("aria-label") or svg.get("aria-hidden") for svg in page.all("svg"))
    # Before and after of the first four, the other two, the four of least similarity and DNSMOS alike, one rejected.
    assert len(page.all("audio")) == 2 * players.PAIRS + 2 + players.BORDERLINE + 1
    assert "set: min 2.5" in text and "18.0\u00a0s" in text and "55.0\u00a0%" in text
    assert run(*small, "--filters={dnsmos_ovrl: {min: 2.5}}") == text


def test_what_is_not_there_is_left_out(tmp_path):
    work, corpus = make(tmp_path, scores=False)
    for gone in (work, tmp_path / "nowhere"):
        text = run(gone, corpus, f"--compare={corpus}")
        assert "Loudness before" in text and "dnsmos" not in text
    assert 'id="strips"' not in text and "As it sounds in the source" not in text
    (corpus / "rejects.csv").unlink()
    with pytest.raises(ManifestError, match=r"rejects\.csv does not exist"):
        run(work, corpus)
    (corpus / "statistics.json").unlink()
    with pytest.raises(ConfigError, match=r"statistics\.json does not exist"):
        run(work, corpus)


def test_an_empty_corpus_has_a_report(tmp_path):
    work, corpus = make(tmp_path)
    statistics = {"input": {"recordings": 0, "seconds": 0.0}, "kept": {"clips": 0, "seconds": 0.0}}
    (corpus / "statistics.json").write_text(json.dumps(statistics | {"speakers": {}, "stages": {"index": {}}}))
    for table in ("clips", "rejects"):
        path = corpus / f"{table}.csv"
        path.write_text(path.read_text().splitlines()[0] + "\n")
    (work / "speaker" / "s0000" / "manifest.jsonl").write_text("")
    Reader(run(work, corpus, f"--compare={corpus}"))


def test_names_that_are_not_utf8(tmp_path):
    work, corpus = make(tmp_path)
    path = work / "segment" / "s0000" / "manifest.jsonl"
    path.write_text(path.read_text().replace(json.dumps(f"{EVIL}.wav"), json.dumps("caf\udce9.wav")))
    assert r"caf\xe9.wav" in run(work, corpus)
    (corpus / "clips.csv").write_bytes((corpus / "clips.csv").read_bytes().replace(b".wav", b"\xe9.wav"))
    with pytest.raises(ManifestError, match=r"clips\.csv cannot be read as a CSV table in UTF-8"):
        run(work, corpus)


def test_what_people_wrote_is_a_tile_where_there_is_some(tmp_path):
    work, corpus = make(tmp_path)
    (corpus / "metadata.csv").write_text("r000000_000000||\n")
    assert "clips with text" not in run(work, corpus)
    (corpus / "metadata.csv").write_text(
        "r000000_000000|What was said|\nr000000_000001||what was said\nr000000_000002||\n"
    )
    assert "<dt>clips with text</dt><dd>33.3\u00a0%</dd>" in run(work, corpus)


def test_coverage_and_runs():
    spans = np.array([[0.0, 5.0], [7.5, 10.0]])
    assert strips.coverage(spans, 10.0, 4).tolist() == [1.0, 1.0, 0.0, 1.0]
    assert strips.coverage(np.array([[1.0, 2.0]]), 8.0, 2).tolist() == [0.25, 0.0]
    assert strips.coverage(np.zeros((0, 2)), 8.0, 2).tolist() == [0.0, 0.0]
    assert strips.runs(np.array([1, 1, 0, 2])) == [(1, 0, 2), (0, 2, 3), (2, 3, 4)]


def test_many_recordings_are_sampled_and_summed_up():
    kept, recordings = strips.Kept(), []
    for i in range(500):
        recordings.append({"id": f"r{i:06d}", "seconds": 100.0, "labels": {"male": 50.0}})
        kept.add({"recording": f"r{i:06d}", "start": 0.0, "end": i * 37 % 500 / 5})
    shown = strips.chosen(recordings, kept)
    seconds = [kept.seconds(recording["id"]) for recording in shown]
    assert len(shown) == strips.SHOWN and min(seconds) == 0 and max(seconds) == pytest.approx(99.8)
    rest = strips.rest(recordings, kept)
    assert rest["count"] == "440" and rest["labels"] == "male 50.0\u00a0%"


def test_histogram_quantiles_and_edges():
    histogram = histograms.Histogram(0.0, 1.0)
    for value in (*np.linspace(0, 1, 1001), -5.0, 5.0):
        histogram.add(float(value))
    histogram.add(None)
    assert histogram.total == 1003 and histogram.unknown == 1
    assert [histogram.quantile(share) for share in (0.05, 0.5, 0.95)] == pytest.approx([0.05, 0.5, 0.95], abs=3e-3)


@pytest.mark.parametrize("values", [[0.5], [0.0], [1.0], [0.0, 1.0], [0.2, 0.3, 0.31]])
def test_window_holds_every_clip(values):
    histogram = histograms.Histogram(0.0, 1.0)
    for value in values:
        histogram.add(value)
    first, end, step = shown = histograms.window([histogram])
    assert 0 <= first < end <= histograms.BINS and (end - first) % step == 0
    assert histograms.bars(histogram, shown).sum() == len(values) and 12 <= len(histograms.bars(histogram, shown)) <= 44


def test_divergence():
    same, other, empty = (histograms.Histogram(0.0, 1.0) for _ in range(3))
    for i in range(1000):
        same.add(i / 1000)
        other.add(i / 2000)
        empty.add(None)
    assert compare.divergence(same, same) == 0
    # Half a clip in each of 25 bins: p is even; q has 80.5 in 12 bins (40.5 in one) or 0.5 of 1012.5.
    p, q = 1 / 25, np.array([*[80.5] * 12, 40.5, *[0.5] * 12]) / 1012.5
    assert compare.divergence(same, other) == pytest.approx(np.sum(p * np.log(p / q)))
    measure = histograms.Measure("x", "X", "", 0.0, 1.0, "high")
    assert compare.verdict(measure, same, other) == "higher, better"
    assert compare.verdict(measure, other, same) == "lower, worse"
    assert compare.verdict(measure, same, same) == "same"


def test_thresholds_in_words():
    rows = [{"start": 0.0, "end": 3600.0, "dnsmos_ovrl": value} for value in (1.5, 2.5, 3.5, 4.5)]
    names = dict.fromkeys(scores.known())
    shown = thresholds.figures((names | row for row in rows), {"dnsmos_ovrl": {"min": 2.0}})
    (only,) = shown
    assert only["name"] == "dnsmos_ovrl" and only["set"] == "min 2" and only["most"] == "4.0\u00a0h"
    assert only["summary"] == "min keeps 90 % at 1.48, 75 % at 2.48, 50 % at 3.48"


def test_funnel_leads_from_input_to_corpus(small):
    statistics = report.statistics_of(small[1])
    assert [(step["kind"], step["seconds"]) for step in funnel.steps(statistics)] == [
        ("input", "40.0\u00a0s"),
        ("loss", "−22.0\u00a0s"),
        ("kept", "18.0\u00a0s"),
    ]


def test_png_and_spectrogram():
    rate = 8000
    decibels = spectrograms.decibels(np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate))
    assert decibels.shape[0] == spectrograms.ROWS and decibels.shape[1] <= spectrograms.COLUMNS
    # 1 kHz of 4 kHz: a quarter of the height from below.
    assert set(decibels.argmax(axis=0)) <= {95, 96} and decibels.max() == 0
    data = spectrograms.png(np.arange(6, dtype=np.uint8).reshape(2, 3), spectrograms.palette())
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", data[16:24]) == (3, 2)
    at = data.index(b"IDAT")
    size = struct.unpack(">I", data[at - 4 : at])[0]
    assert zlib.decompress(data[at + 4 : at + 4 + size]) == bytes([0, 0, 1, 2, 0, 3, 4, 5])


def test_smallest_and_draw():
    collector = reading.Smallest(2, lambda row: row["key"])
    reading.feed([{"key": key, "n": n} for n, key in enumerate((3, None, 1, 2, 1))], [collector])
    assert [row["n"] for row in collector.rows] == [2, 4]
    assert reading.draw("r000000_000001") == reading.draw("r000000_000001") != reading.draw("r000000_000002")


def test_words():
    assert [words.number(x) for x in (0, 0.00007, 3.14159, 12034.4, -23)] == ["0", "0.00007", "3.14", "12,034", "−23"]
    assert [words.span(x).replace("\u00a0", " ") for x in (4.2, 397, 44280)] == ["4.2 s", "6 min 37 s", "12.3 h"]
    assert [words.clock(x) for x in (285, 3723)] == ["4:45", "1:02:03"]
    assert [words.share(x, 10000).replace("\u00a0", " ") for x in (0, 1, 2570)] == ["0.0 %", "<0.1 %", "25.7 %"]


def test_in_a_browser(small, tmp_path):
    python = os.environ.get("VOXSIEVE_ENV_CRAWL")
    if not python or not all(program.exists() for program in BROWSER):
        pytest.skip("needs chromium, chromium-driver and VOXSIEVE_ENV_CRAWL, a Python with selenium")
    work, corpus = small
    text = run(work, corpus, f"--compare={corpus}")
    command = [python, Path(__file__).with_name("open_report.py"), corpus / "report.html"]
    screens = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=120).stdout)
    assert len({screen["background"] for screen in screens}) == 2 and len(screens) == 4
    for screen in screens:
        assert screen["log"] == [] and screen["requests"] == [] and screen["silent"] == []
        assert screen["wider"] <= 0 and screen["empty"] == 0 and screen["scripts"] == 1 and screen["seconds"] < 3
        assert screen["pictures"] == text.count("<svg") and screen["players"] == text.count("<audio")
        assert screen["slide"] == "min 2 keeps 0.3 min (100 %)" and screen["title"] == "Corpus report"
