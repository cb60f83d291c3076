"""A file of the work folder that was emptied, or that another one lies in place of, is taken for lost."""

import json

import numpy as np
import pytest

from pipeline import corpus, manifest, run, terminal, vouch, workfolder
from pipeline.errors import ManifestError
from pipeline.rows import Recording, Segmented
from stages.embed.__main__ import kept
from stages.index import shards
from stages.score.memory import Memory
from stages.slice import __main__ as slicing
from stages.slice.turns import Utterance
from tests.conftest import job, row

FOREIGN = ["", "{", "[]", "{}", "3", '{"files": 3, "bytes": 7}', '{"key": "a", "parts": []}']


@pytest.mark.parametrize("text", FOREIGN)
def test_the_index_and_its_ids(tmp_path, text):
    place = tmp_path / "index"
    recording = row(Recording, id="r000007", path="../in/a.wav")
    manifest.write(place / "s0003/manifest.jsonl", [recording], Recording)
    (place / "ids.json").write_text(text)
    assert shards.read_ids(place) == {"../in/a.wav": {"id": "r000007", "shard": "s0003"}}
    (place / "shards.json").write_text(text)
    with pytest.raises(ManifestError, match=r"shards\.json is torn"):
        manifest.shards(tmp_path)
    assert terminal.hours(tmp_path) == {} and workfolder.folders(tmp_path)


@pytest.mark.parametrize("text", FOREIGN)
def test_the_record_of_the_corpus_and_the_count_of_failures(tmp_path, text):
    (tmp_path / ".lock").touch()
    with vouch.alone(tmp_path / "export"):
        (tmp_path / "export" / corpus.RECORD).write_text(text)
    (message,) = workfolder.forget_what_is_gone(tmp_path)
    assert message == f"export: {corpus.RECORD} is not as it was written: it is made again"
    (tmp_path / "separate/s0000").mkdir(parents=True)
    (tmp_path / "separate/s0000" / run.FAILED).write_text(text)
    (tmp_path / "a.wav").write_bytes(b"sound")
    inputs = [row(Recording, source="a.wav", path="a.wav")]
    partial = tmp_path / "separate/s0000/partial/r000000.json"
    partial.parent.mkdir()
    partial.write_text(text)

    def keep(rows):
        return [one | {"parent_id": one["id"]} for one in rows], []

    run.run_shard(job("separate", tmp_path), inputs, keep, Recording)
    assert len(manifest.read(tmp_path / "separate/s0000/manifest.jsonl")) == 1


@pytest.mark.parametrize("text", FOREIGN)
def test_progress_is_told_without_what_is_no_progress(tmp_path, text):
    summary = {"shards": ["s0000"], "seconds": {"s0000": 3600.0}, "recordings": 1}
    manifest.write_text(tmp_path / "index/shards.json", json.dumps(summary))
    manifest.write_text(tmp_path / "segment/s0000/progress.json", text)
    assert terminal.hours(tmp_path)["segment"] == {"done": 0.0, "total": 1.0, "rejects": 0}


@pytest.mark.parametrize("text", FOREIGN)
def test_what_embed_score_and_slice_keep_from_the_run_before(tmp_path, text, monkeypatch):
    (tmp_path / "r000000.npz").write_text(text)
    assert kept(tmp_path / "r000000.npz") == {}
    memory = Memory(tmp_path / "r000001", "code")
    memory.add("a", {"snr_db": 1.0}, (np.zeros(2, np.uint32), np.zeros(2, np.uint16)))
    memory.save()
    assert Memory(tmp_path / "r000001", "code").scores == {"a": {"snr_db": 1.0}}
    for name in ("r000001.json", "r000001.npz"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_text(text)
        assert not Memory(tmp_path / "r000001", "code").scores
        (tmp_path / name).write_bytes(whole)
    this, recording = job("slice", tmp_path), row(Segmented)
    manifest.write_text(this.out / "r000000.plan.json", text)
    monkeypatch.setattr(slicing, "plan", lambda *_: [Utterance(0, 100, "male")])
    assert slicing.planned(recording, [], this, None) == [Utterance(0, 100, "male")]
