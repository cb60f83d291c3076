"""Clips of made-up voices through describe and tone, into the table, the exports and the report."""

import json

import numpy as np
import pytest
import soundfile
import soxr
from small_corpus import SHARES, make_corpus, run

from engines.tone import descriptors, parts
from pipeline import arrays, config, decisions, manifest, plan, registry, tables
from pipeline.errors import ConfigError
from pipeline.rows import Described, Embedded, NormalizedClip, Toned
from stages.describe import __main__ as describe
from stages.formats.clips import Clips
from stages.formats.parting import Parting
from stages.report import tones as section
from stages.select import __main__ as select
from stages.tone import __main__ as tone
from stages.tone.settings import faults
from tests.conftest import job, row
from tests.tiny_tone import write as write_model
from tests.training.actors import sound

RATE = 22050
SIZE = sum(len(parts.names(part)) for part in parts.IN_PIPELINE)
CLIPS = 12  # of each of two speakers, every other one aroused; then one of a third, and a silent one


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A work folder as speaker leaves it, described."""
    work = tmp_path_factory.mktemp("tone")
    manifest.write_text(work / "index/shards.json", json.dumps({"shards": ["s0000"]}))
    random, rows, facts, voices = np.random.default_rng(0), [], [], []
    for number in range(2 * CLIPS + 2):
        aroused = number % 2 == 1
        clip = sound("angry" if aroused else "neutral", number // CLIPS + 1, number)
        path = work / f"normalize/s0000/r000000/{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        silent = number == 2 * CLIPS + 1
        soundfile.write(path, 0 * clip if silent else soxr.resample(clip, 16000, RATE), RATE, "PCM_16")
        place = {"start": 2.0 * number, "end": 2.0 * number + 1.6, "path": str(path.relative_to(work))}
        speaker = "third" if number == 2 * CLIPS else f"voice{number // CLIPS % 2 + 1}"
        rows.append(row(NormalizedClip, sample_rate=RATE, **place) | {"speaker": speaker, "answer": "confident"})
        voices.append(random.uniform(0, 0.1, 256) + 0.1 * aroused * np.linspace(0, 1, 256))
        facts.append(row(Embedded, id=rows[-1]["id"], embedding=number, embeddings="embed/s0000/r000000.npz"))
    manifest.write(work / "speaker/s0000/manifest.jsonl", rows)
    manifest.write(work / "embed/s0000/manifest.jsonl", facts, Embedded)
    arrays.save(work / "embed/s0000/r000000.npz", vectors=np.array(voices, np.float32))
    told, rejects = describe.process(rows, job("describe", work))
    assert not rejects and len(told) == len(rows)
    manifest.write(work / "describe/s0000/manifest.jsonl", told, Described)
    return work


def told(work, **settings) -> list[dict]:
    """The facts of tone, by the clip's number."""
    this = job("tone", work, **settings)
    known = tone.vectors.speakers(work)
    how = tone.by_model if this.settings.model else tone.by_clusters
    manifest.write(this.out / "manifest.jsonl", how(this, known, tone.plane_of(work, known)), Toned)
    return manifest.read(this.out / "manifest.jsonl", Toned)


def numbers(facts: list[dict]) -> list[int]:
    return [int(fact["id"].split("_")[1]) // 2000 for fact in facts]


@pytest.mark.parametrize("clusters", [2, "auto"])
def test_clusters_part_what_is_spoken_differently_and_say_how(work, clusters):
    facts = told(work, clusters=clusters)
    assert numbers(facts) == list(range(2 * CLIPS))  # a third speaker's only clip and a silent one have no tone
    names = [fact["tone"] for fact in facts]
    assert len(set(names)) == 2
    for start in (0, CLIPS):
        here = names[start : start + CLIPS]
        assert len(set(here[0::2])) == 1 and len(set(here[1::2])) == 1 and here[0] != here[1]
    assert "higher" in names[1] and "lower" in names[0]
    assert all(0.5 <= fact["tone_confidence"] <= 1 for fact in facts)


def test_a_model_tells_tones_and_abstains(work, tmp_path):
    weights = np.zeros((SIZE, 2))
    weights[descriptors.names().index("pitch.mean")] = [0.8, -0.8]
    path = write_model(tmp_path / "mine.onnx", weights, ["angry", "calm"])
    facts = told(work, model=str(path))
    assert [fact["tone"] for fact in facts] == ["calm", "angry"] * CLIPS
    unsure = told(work, model=str(path), min_confidence=0.999)
    assert not any(fact["tone"] for fact in unsure) and all(fact["tone_confidence"] < 0.999 for fact in unsure)
    assert {fact["tone"] for fact in told(work, model=str(path), tones=["calm"])} == {"calm"}


def test_a_model_of_the_voice_alone_is_given_the_voice(work, tmp_path):
    weights = np.zeros((256, 2))
    weights[-60:] = [0.3, -0.3]
    fields = {"parts": ["voice"], "features": parts.fingerprint(["voice"])}
    path = write_model(tmp_path / "voice.onnx", weights, ["angry", "calm"], **fields)
    assert [fact["tone"] for fact in told(work, model=str(path))] == ["calm", "angry"] * CLIPS


def test_what_a_person_says_outweighs_the_machine(work, tmp_path):
    machine = told(work, clusters=2)
    rows = list(tone.vectors.wanted(work))
    said, silent = rows[3], rows[-1]
    for value, clip in (("sad", said), ("angry", said), ("calm", silent)):
        decisions.add(tmp_path, "anna", "tone", {clip["sha256"]: [(clip["start"], clip["end"])]}, value)
    decisions.add(tmp_path, "anna", "keep", {rows[4]["sha256"]: [(rows[4]["start"], rows[4]["end"])]})
    facts = {fact["id"]: fact for fact in tone.decided(machine, rows, decisions.of(tmp_path))}
    assert facts.keys() == {fact["id"] for fact in machine} | {silent["id"]}
    assert [facts[clip["id"]]["tone"] for clip in (said, silent)] == ["angry", "calm"]
    assert [facts[clip["id"]]["tone_confidence"] for clip in (said, silent)] == [1.0, 1.0]
    before = {fact["id"]: fact for fact in machine}
    assert facts[said["id"]]["place"] == before[said["id"]]["place"] and facts[silent["id"]]["place"] is None
    assert {name for name, fact in facts.items() if fact != before.get(name)} == {said["id"], silent["id"]}
    manifest.write(work / "tone/manifest.jsonl", facts.values(), Toned)
    joined = select.tones_of(work)
    assert joined[said["id"]] == {"tone": "angry", "tone_confidence": 1.0, "decided": "clip"}
    assert "decided" not in joined[rows[4]["id"]]
    for _ in range(4):
        decisions.undo(tmp_path, "anna")
    assert list(tone.decided(machine, rows, decisions.of(tmp_path))) == machine


def test_nobody_to_judge_is_no_error(work, tmp_path):
    other = tmp_path / "work"
    for name in ("speaker", "embed", "describe"):
        manifest.write(other / name / "s0000/manifest.jsonl", [])
    manifest.write_text(other / "index/shards.json", json.dumps({"shards": ["s0000"]}))
    assert told(other, clusters=2) == []


def test_select_joins_the_tones(work):
    told(work, clusters=2)
    assert set(select.tones_of(work)) == {fact["id"] for fact in manifest.read(work / "tone/manifest.jsonl", Toned)}
    assert all(set(fact) == {"tone", "tone_confidence"} for fact in select.tones_of(work).values())


def test_off_until_asked_for():
    stages = registry.stages()
    for settings, asked in (({}, False), ({"tone": {"clusters": "auto"}}, True), ({"tone": {"model": "m.onnx"}}, True)):
        checked = config.load(settings)
        assert [stages[name].asked(checked) for name in ("describe", "tone", "score")] == [asked, asked, True]


def test_faults_are_sentences(tmp_path):
    def said(**section) -> str:
        return "; ".join(faults(config.load({"tone": section})))

    assert "does not exist" in said(model=str(tmp_path / "none.onnx"))
    assert "needs tone.model" in said(tones=["angry"])
    path = str(write_model(tmp_path / "mine.onnx", np.zeros((SIZE, 2)), ["angry", "calm"]))
    assert "knows angry, calm, not sad" in said(model=path, tones=["calm", "sad"]) and not said(model=path)
    old = {"parts": ["basic180"], "features": parts.fingerprint(["basic180"])}
    basic = str(write_model(tmp_path / "old.onnx", np.zeros((180, 2)), ["angry", "calm"], **old))
    assert "was trained on basic180, which the pipeline does not measure" in said(model=basic)
    check = registry.stages()["formats"].check
    assert "need tones" in "; ".join(check(config.load({"exports": ["tones"]})))
    assert not list(check(config.load({"exports": ["tones"], "tone": {"clusters": 2}})))
    with pytest.raises(ConfigError, match="unknown key 'tone.cluster', did you mean 'clusters'"):
        config.load({"tone": {"cluster": 2}})
    assert plan.registry is registry


@pytest.fixture
def parted(tmp_path):
    """A small corpus with tones: speaker a angry and calm, the others calm or unsure."""
    rows = make_corpus(tmp_path / "corpus")
    for number, clip in enumerate(rows):
        angry = clip["speaker"] == "a" and number % 2
        clip["tone"], clip["tone_confidence"] = ("angry" if angry else "calm" if number % 3 else ""), 0.5 + number / 200
    columns = [name for name in rows[0] if name != "split"]
    tables.write(tmp_path / "corpus/clips.csv", columns, rows)
    return tmp_path / "corpus", rows


def test_a_tone_can_be_a_speaker(parted):
    corpus, rows = parted
    plain = {clip["clip"]: clip["speaker"] for clip in Clips(corpus, SHARES).rows()}
    named = {clip["clip"]: clip["speaker"] for clip in Clips(corpus, SHARES, Parting(as_speakers=True)).rows()}
    for clip in rows:
        assert plain[clip["clip"]] == clip["speaker"]
        assert named[clip["clip"]] == clip["speaker"] + (f"_{clip['tone']}" if clip["tone"] else "")


def test_a_tone_with_too_little_stays_with_its_speaker():
    rows = [{"speaker": "a", "tone": tone, "start": 0.0, "end": end} for tone, end in (("x", 36.0), ("y", 35.0))]
    assert Parting(min_hours=0.01).names(rows) == {("a", "x"): "a_x"}


def test_folders_by_tone(parted):
    corpus, rows = parted
    run(corpus, "tones")
    for clip in rows:
        part = clip["speaker"] + (f"_{clip['tone']}" if clip["tone"] else "")
        assert (corpus / "tones" / part / f"{clip['clip']}.wav").samefile(corpus / clip["path"])
    listed = list(tables.rows(corpus / "tones/clips.csv", {"file_name": str, "tone": str}))
    assert len(listed) == len(rows) and all((corpus / "tones" / clip["file_name"]).is_file() for clip in listed)


def test_the_report_counts_and_draws(parted, tmp_path):
    corpus, rows = parted
    gathered = section.Tones()
    for clip in rows:
        gathered.add(clip)
    lines = section.table(gathered)
    assert [line["name"] for line in lines][-1] == section.NONE and {line["name"] for line in lines} >= {
        "angry",
        "calm",
    }
    assert sum(int(line["clips"]) for line in lines) == len(rows)
    place = {"tone_confidence": 0.9, "place": [0.1, -9.0], "by_person": False}
    facts = [row(Toned, id=clip["clip"], tone=clip["tone"], **place) for clip in rows]
    manifest.write(tmp_path / "work/tone/manifest.jsonl", facts, Toned)
    chart = str(section.chart(gathered, tmp_path / "work"))
    assert chart.count("<circle") == len(rows) and 'cy="320"' in chart and "calm" in chart
    assert section.chart(gathered, tmp_path / "nowhere") is None
    heard = [clip for _, clip in gathered.rows()]
    assert max(clip["tone_confidence"] for clip in rows if clip["tone"]) in [clip["tone_confidence"] for clip in heard]
    none = section.Tones()
    none.add({"clip": "r0", "start": 0.0, "end": 1.0})
    assert section.table(none) == [] and section.chart(none, tmp_path / "work") is None
