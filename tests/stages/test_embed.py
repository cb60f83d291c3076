"""embed: a vector for every clip, by the real encoder; one torn clip costs one clip."""

import numpy as np
import pytest
import soundfile

from engines import resemblyzer
from pipeline import audio, manifest
from pipeline.errors import ModelError
from pipeline.rows import Embedded, NormalizedClip
from stages.embed import __main__ as stage
from tests.conftest import job, row

RATE = 22050


@pytest.fixture(scope="module")
def embedder():
    try:
        return resemblyzer.load("onnx", 2, "cpu")
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture
def clips(tmp_path, demo) -> list[dict]:
    """Four clips of a demo recording: speech, silence, a torn file, speech."""
    whole = audio.concatenated(audio.decode_mono(demo / "harbour_noon.mp3", RATE))
    parts = [whole[7 * RATE : 10 * RATE], np.zeros(2 * RATE), whole[: 2 * RATE], whole[10 * RATE : 13 * RATE]]
    rows = []
    for number, part in enumerate(parts):
        path = f"normalize/s0000/r000000/{number}.wav"
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / path, part, RATE)
        start = 10.0 * number
        rows.append(row(NormalizedClip, path=path, sample_rate=RATE, start=start, end=start + len(part) / RATE))
    torn = tmp_path / rows[2]["path"]
    torn.write_bytes(torn.read_bytes()[:30])
    return rows


@pytest.mark.parametrize("at_once", [1, 3, 64])
def test_every_clip_has_a_vector_and_one_torn_clip_costs_one_clip(embedder, clips, tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(stage, "CLIPS_AT_ONCE", at_once)
    this = job("embed", tmp_path)
    this.out.mkdir(parents=True)
    facts, rejects = stage.process(clips, this, embedder)
    manifest.check_complete(clips, facts, rejects)
    assert [(one["id"], one["reason"]) for one in rejects] == [(clips[2]["id"], "error")]
    for fact in facts:
        manifest.kinds.check(fact, Embedded, "embed")
    assert [fact["id"] for fact in facts] == [clips[i]["id"] for i in (0, 1, 3)]
    vectors = np.load(tmp_path / facts[0]["embeddings"])["vectors"]
    assert vectors.shape == (3, resemblyzer.DIMENSIONS)
    first, silent, last = (vectors[fact["embedding"]] for fact in facts)
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-5) == np.linalg.norm(last)
    assert not silent.any() and facts[1]["voiced_seconds"] == 0 < facts[0]["voiced_seconds"]
    alone = embedder.embed([audio.resample(audio.read(tmp_path / clips[3]["path"])[:, 0], RATE, embedder.SAMPLE_RATE)])
    np.testing.assert_allclose(last, alone[0].vector, atol=1e-5)


class Counting:
    """An embedder that counts what it hears."""

    SAMPLE_RATE = 16000

    def __init__(self, embedder):
        self.embedder, self.heard = embedder, 0

    def embed(self, sounds):
        self.heard += len(sounds)
        return self.embedder.embed(sounds)


def test_what_was_heard_is_not_heard_again_and_a_new_clip_alone_is(embedder, clips, tmp_path):
    whole = [clips[0], clips[1], clips[3]]
    this, counting = job("embed", tmp_path), Counting(embedder)
    this.out.mkdir(parents=True)
    stage.process(whole[:2], this, counting)
    facts, _ = stage.process(whole, this, counting)
    assert counting.heard == 3
    vectors = np.load(tmp_path / facts[0]["embeddings"])["vectors"]
    changed = [whole[2], whole[0] | {"lufs": -20.0}, whole[1]]  # another order, another sound
    again, _ = stage.process(changed, this, counting)
    assert counting.heard == 4
    later = np.load(tmp_path / facts[0]["embeddings"])["vectors"]
    np.testing.assert_array_equal(later[again[0]["embedding"]], vectors[facts[2]["embedding"]])
    (tmp_path / facts[0]["embeddings"]).write_bytes(b"PK torn")
    stage.process(whole, this, counting)
    assert counting.heard == 7
