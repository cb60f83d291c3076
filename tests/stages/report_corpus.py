"""A small corpus with hostile names and its work folder, the report stage run on it, and a reader of its page."""

import json
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import tables
from pipeline.rows import SCHEMA
from stages.report import __main__ as report

RATE = 22050
EVIL = "<script>document.title='evil'</script>\"'><img src=x onerror=\"document.title='evil'\">"


def row(**fields) -> dict:
    """A manifest's row, a place in the one recording."""
    common = {"schema": SCHEMA, "id": "r000000", "recording_id": "r000000", "parent_id": None, "start": 0.0}
    return common | {"downmix": [[0.0, "mean"]]} | fields


def write_manifest(work: Path, stage: str, rows: list[dict]) -> None:
    path = work / stage / "s0000" / "manifest.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def make(folder: Path, scores: bool = True, clips: int = 6) -> tuple[Path, Path]:
    """The work and corpus folders of one 40 s recording with a hostile name: 6 clips of 3 s kept, the rest lost."""
    work, corpus = folder / "work", folder / "corpus"
    source = f"{EVIL}.wav"
    (folder / source).parent.mkdir(parents=True)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(40 * RATE) / RATE)
    soundfile.write(folder / source, tone, RATE)
    (corpus / "wavs").mkdir(parents=True)
    whole = row(source=source, path=f"../{source}", end=40.0, duration=40.0)
    write_manifest(work, "index", [whole])
    (work / "index" / "shards.json").write_text('{"shards": ["s0000"]}')
    labels = {"path": "segment/s0000/r000000.csv", "label_seconds": {"male": 20.0, "music": 20.0}}
    write_manifest(work, "segment", [whole | labels])
    (work / "segment" / "s0000" / "r000000.csv").write_text("labels,start,stop\nmale,0,20\nmusic,20,40\n")
    kept = []
    for i in range(clips):
        name = f"r000000_{i:06d}"
        soundfile.write(corpus / "wavs" / f"{name}.wav", tone[: 3 * RATE], RATE, "PCM_16")
        clip = {"clip": name, "path": f"wavs/{name}.wav", "recording": "r000000", "source": source}
        clip |= {"start": 3.0 * i, "end": 3.0 * i + 3, "duration": 3.0, "label": "male", "speaker": EVIL}
        clip |= {"similarity": 0.8 + i / 100, "lufs": -23.0, "lufs_before": -30.0 - i, "sample_rate": RATE}
        kept.append(clip | ({"dnsmos_ovrl": 2.0 + i / 5, "snr_db": None} if scores else {}))
    tables.write(corpus / "clips.csv", list(kept[0]), kept)
    write_manifest(work, "speaker", [row(id=clip["clip"], answer="confident") | clip for clip in kept])
    write_manifest(work, "score", [row(id=clip["clip"]) | clip for clip in kept])
    lost = {"id": "r000000_d000000", "stage": "slice", "reason": "music", "message": EVIL, "recording": "r000000"}
    lost |= {"source": source, "start": 18.0, "end": 40.0}
    tables.write(corpus / "rejects.csv", list(lost), [lost])
    statistics = {
        "input": {"recordings": 1, "seconds": 40.0},
        "kept": {"clips": clips, "seconds": 18.0},
        "rejected": {"rows": 1, "seconds": 22.0},
        "speakers": {EVIL: {"count": clips, "seconds": 18.0}},
        "stages": {"slice": {"music": {"count": 1, "seconds": 22.0}}},
    }
    (corpus / "statistics.json").write_text(json.dumps(statistics))
    return work, corpus


def run(work: Path, corpus: Path, *flags: str) -> str:
    """The report stage, in this process; the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["report", f"--work={work}", f"--corpus-dir={corpus}", *flags])
        report.main()
    return (corpus / "report.html").read_text(encoding="utf-8")


class Reader(HTMLParser):
    """Collects a page's tags and checks that they close."""

    VOID = {"meta", "link", "img", "input"}

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]
