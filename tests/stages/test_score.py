"""The scores that rest on models: DNSMOS held against speechmos 0.0.1.1, music, two voices in one clip."""

import csv
import json

import numpy as np
import pytest
import soundfile

from engines import scores
from engines.dnsmos import onnx as dnsmos_onnx
from engines.scores import halves, residue
from pipeline import audio, manifest
from pipeline.errors import ModelError
from pipeline.rows import NormalizedClip, Scored
from stages.score import __main__ as stage
from tests.conftest import job, row

# speechmos.dnsmos.run(clip, 16000) of these samples: sig_mos, bak_mos, ovrl_mos.
PACKAGE = [
    ("clean/n002.flac", 0, None, (3.6219, 4.2102, 3.4093)),
    ("noisy/n001.flac", 0, None, (1.1820, 1.0836, 1.1144)),
    ("noisy/n005.flac", 0, 32000, (1.2509, 1.1670, 1.0944)),
    ("noisy/n010.flac", 0, 45077, (1.1972, 1.1145, 1.1075)),
    ("clean/n020.flac", 0, 72123, (3.5465, 4.1931, 3.3262)),
    ("noisy/n030.flac", 1000, 25000, (3.0147, 1.8171, 1.7313)),
]


def loaded(load):
    """What `load` gives with two threads on the CPU."""
    try:
        return load(2, "cpu")
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def rater():
    return loaded(dnsmos_onnx.Rater)


def hear(clip: np.ndarray, name: str, load) -> list[float | None]:
    """One score of some clips at 16 kHz."""
    return [row[name] for row in loaded(load)([scores.Heard(one, scores.RATE, one) for one in clip])]


def read(path, start: int = 0, stop: int | None = None) -> np.ndarray:
    sound, rate = soundfile.read(path, start=start, stop=stop, dtype="float32")
    assert rate == scores.RATE
    return sound


@pytest.mark.parametrize("name, start, stop, known", PACKAGE)
def test_dnsmos_is_that_of_the_package(rater, data, name, start, stop, known):
    found = rater.rate([read(data / "noisy_clean" / name, start, stop)])
    assert found[0] == pytest.approx(known, abs=0.0002)


def test_dnsmos_does_not_depend_on_the_other_clips(rater, data):
    clips = [read(data / "noisy_clean" / f"clean/n00{n}.flac", 0, 30000 + 7777 * n) for n in (1, 2, 3)]
    together = rater.rate(clips)
    assert together.shape == (3, 3)
    np.testing.assert_array_equal(together, np.concatenate([rater.rate([clip]) for clip in clips]))
    assert rater.rate([]).shape == (0, 3)


@pytest.mark.parametrize(
    "samples, count", [(144160, 1), (160000, 1), (176000, 2), (32000, 7), (72080, 1), (80000, 1), (72079, 9), (1, 7)]
)
def test_a_clip_is_doubled_to_9_s_and_rated_every_second(samples, count):
    assert dnsmos_onnx.windows(samples) == count


def test_dnsmos_orders_clean_before_degraded(rater, data):
    with open(data / "noisy_clean/pairs.csv", encoding="utf-8") as lines:
        pairs = [row for row in csv.DictReader(lines)][::5]
    clips = [
        read(data / "noisy_clean" / pair[side])[: 5 * scores.RATE] for pair in pairs for side in ("degraded", "clean")
    ]
    overall = rater.rate(clips)[:, 2].reshape(-1, 2)
    assert np.mean(overall[:, 1] > overall[:, 0]) >= 0.9


def test_music_is_heard_in_music_and_not_in_speech(data):
    speech = read(data / "noisy_clean/clean/n002.flac")
    jingle, rate = soundfile.read(data / "radio/dev06.flac", stop=5 * 44100, dtype="float32")
    jingle = audio.resample(jingle.mean(axis=1), rate, scores.RATE)
    of_speech, of_music, short, instant = hear(
        [speech, jingle, speech[:3000], speech[:100]], "music_residue", residue.load
    )
    assert of_speech < 0.05
    assert of_music > 0.9
    assert short >= 0
    assert instant is None


def test_two_voices_in_one_clip_are_less_alike_than_one(data):
    with open(data / "noisy_clean/pairs.csv", encoding="utf-8") as lines:
        pairs = {pair["speaker"]: pair for pair in csv.DictReader(lines) if float(pair["seconds"]) > 5}
    first, second = (read(data / "noisy_clean" / pair["clean"])[: 5 * scores.RATE] for pair in list(pairs.values())[:2])
    spliced = np.concatenate([first[: len(first) // 2], second[len(second) // 2 :]])
    clips = [first, second, spliced, np.zeros(scores.RATE, np.float32)]
    of_first, of_second, of_both, silent = hear(clips, "half_similarity", halves.load)
    assert min(of_first, of_second) > of_both + 0.1
    assert silent is None


@pytest.fixture(scope="module")
def scorer():
    return loaded(scores.load)


def clips_of(work, clips: dict[str, np.ndarray], answer: str = "confident") -> list[dict]:
    """Clips as files in a work folder, and their rows as the speaker stage leaves them."""
    rows = []
    for number, (name, clip) in enumerate(clips.items()):
        soundfile.write(work / f"{name}.wav", clip, scores.RATE)
        place = {"start": 10.0 * number, "end": 10.0 * number + len(clip) / scores.RATE, "path": f"{name}.wav"}
        rows.append(row(NormalizedClip, sample_rate=scores.RATE, answer=answer, **place))
    return rows


def test_every_clip_has_every_score_and_a_fingerprint(scorer, tmp_path, data):
    speech = read(data / "noisy_clean/clean/n002.flac")
    clips = {"voice": speech[: 3 * scores.RATE], "silence": np.zeros(2 * scores.RATE), "blink": speech[:160]}
    rows = clips_of(tmp_path, clips)
    this = job("score", tmp_path)
    this.out.mkdir(parents=True)
    facts, rejects = stage.process(rows, this, scorer)
    assert not rejects
    manifest.check_complete(rows, facts, rejects)
    for fact in facts:
        manifest.kinds.check(fact, Scored, "score")
        assert set(scores.known()) - {"duration"} <= set(fact)
    json.dumps(facts, allow_nan=False)
    assert facts[0]["f0_median_hz"] and facts[1]["f0_median_hz"] is None and facts[1]["half_similarity"] is None
    stored = np.load(tmp_path / facts[0]["fingerprints"])
    assert [fact["fingerprint"] for fact in facts] == [0, 1, 2]
    assert len(stored["bounds"]) == 4 and stored["bounds"][-1] == len(stored["hashes"]) == len(stored["frames"])
    other = job("score", tmp_path, "s0001")
    other.out.mkdir(parents=True)
    again, _ = stage.process(rows, other, scorer)
    same = {"fingerprints": None}
    assert [fact | same for fact in again] == [fact | same for fact in facts]


def test_a_changed_choice_of_voices_scores_only_what_nobody_has_heard(scorer, tmp_path, data):
    speech = read(data / "noisy_clean/clean/n002.flac")
    rows = clips_of(
        tmp_path, {name: speech[at : at + scores.RATE] for at, name in ((0, "a"), (8000, "b"), (16000, "c"))}
    )
    heard = []

    def counting(clips):
        heard.append(len(clips))
        return scorer(clips)

    this = job("score", tmp_path)
    this.out.mkdir(parents=True)
    first, _ = stage.process(rows[:2], this, counting)
    both, _ = stage.process(rows[1:], this, counting)
    assert sum(heard) == 3
    assert both[0] == first[1]
    whole = job("score", tmp_path, "s0001")
    whole.out.mkdir(parents=True)
    alone, _ = stage.process(rows[1:], whole, counting)
    ignored = {"fingerprints": None, "fingerprint": None}
    assert [fact | ignored for fact in alone] == [fact | ignored for fact in both]
    prints = [np.load(tmp_path / facts[1]["fingerprints"]) for facts in (both, alone)]
    parts = [
        stored["hashes"][slice(*stored["bounds"][facts[1]["fingerprint"] :][:2])]
        for stored, facts in zip(prints, (both, alone), strict=True)
    ]
    assert len(parts[0]) and np.array_equal(*parts)


@pytest.mark.parametrize(("answer", "lost"), [("confident", True), ("uncertain", False)])
def test_one_torn_clip_costs_one_clip(scorer, tmp_path, data, answer, lost):
    """The seconds of an uncertain clip are a reject of the speaker stage already."""
    speech = read(data / "noisy_clean/clean/n002.flac")
    rows = clips_of(tmp_path, {name: speech[: scores.RATE] for name in "abc"}, answer)
    (tmp_path / "b.wav").write_bytes((tmp_path / "b.wav").read_bytes()[:20])
    this = job("score", tmp_path)
    this.out.mkdir(parents=True)
    facts, rejects = stage.process(rows, this, scorer)
    manifest.check_complete(rows, facts, rejects)
    assert [one["id"] for one in rejects] == ([rows[1]["id"]] if lost else [])
    scored = {fact["id"]: fact["snr_db"] for fact in facts if fact["snr_db"] is not None}
    assert set(scored) == {rows[0]["id"], rows[2]["id"]}
