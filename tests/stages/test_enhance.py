"""enhance: a noisy clip comes out better, a clean one stays as it was, and off costs nothing."""

import dataclasses
import json

import numpy as np
import pytest
import soundfile

from engines import resemblyzer
from engines.enhancers import better, judging
from install import weights
from install.pins import RNNOISE
from pipeline import audio, clips, config, flags, plan, registry, rows, run
from pipeline.errors import ConfigError, VoxsieveError
from stages.enhance import __main__ as enhance
from stages.enhance import compare, page, sources
from tests.conftest import job, program, row

RATE = 44100
SECONDS = 4.0
SNR_DB = 8.0


@pytest.fixture(scope="module")
def speech(demo) -> np.ndarray:
    """The demo's host alone, (n,) at 44.1 kHz."""
    whole = audio.concatenated(audio.decode_mono(demo / "harbour_noon.mp3", RATE))
    return whole[round(7 * RATE) : round((7 + SECONDS) * RATE)]


@pytest.fixture(scope="module")
def work(tmp_path_factory, speech):
    """A work folder of one recording: the speech, then the same in noise; with its rows."""
    folder = tmp_path_factory.mktemp("work")
    noise = np.random.default_rng(0).standard_normal(len(speech)).astype(np.float32)
    noise *= np.std(speech) / np.std(noise) / 10 ** (SNR_DB / 20)
    sound = np.concatenate([speech, speech + noise])
    (folder / "separate").mkdir()
    soundfile.write(folder / "separate/r000000.flac", np.stack([sound, sound], axis=1), RATE, "PCM_16")
    soundfile.write(folder / "whole.wav", sound, RATE, "PCM_16")
    (folder / "labels.csv").write_text(f"labels,start,stop\nmale,0.00,{2 * SECONDS:.2f}\n")
    place = {"path": "separate/r000000.flac", "end": 2 * SECONDS}
    whole = row(rows.Separated, id="r000000", mixture="whole.wav", **place)
    labels = row(rows.Segmented, id="r000000", **place | {"path": "labels.csv", "vocals": place["path"]})
    found = [
        row(rows.Clip, path=place["path"], start=start, end=start + SECONDS, sha256="0" * 64)
        for start in (0.0, SECONDS)
    ]
    return folder, found, whole, labels


@pytest.fixture(scope="module")
def judge() -> judging.Judge:
    return judging.Judge(resemblyzer.load("onnx", 1, "cpu"), "cpu")


@pytest.fixture(scope="module")
def rnnoise():
    if not (weights.cache() / "weights" / RNNOISE).is_file():
        pytest.skip("RNNoise's library is not in the cache: `make weights` brings it on Linux on x86-64")


def enhanced(work, judge, **settings) -> list[dict]:
    folder, found, whole, labels = work
    stage = job("enhance", folder, **{"mode": "auto"} | settings)
    steps = enhance.steps_of(stage.settings, 1)
    made, rejects = enhance.process(found, stage, judge, steps, whole, labels)
    assert not rejects
    for one in made:
        rows.check(one, rows.Clip, "enhance")
    return made


def test_the_noisy_clip_gets_better_and_the_clean_one_stays_as_it_was(work, judge, rnnoise, speech):
    folder, found, *_ = work
    clean, noisy = enhanced(work, judge, source="vocals")
    assert clean["enhanced"] == "" and "enhanced_path" not in clean
    np.testing.assert_array_equal(clips.place(clean, folder), clips.place(found[0], folder))
    assert noisy["enhanced"] == "vocals" and noisy["compared"]["rise"] > 0.1
    assert noisy["compared"]["likeness"] > judging.Chosen.least_likeness and noisy["before"]["background"] < 3.6
    sound = clips.place(noisy, folder)
    assert len(sound) == len(speech)
    before = np.sum((clips.place(found[1], folder) - speech) ** 2)
    assert np.sum((sound - speech) ** 2) < before / 2
    assert [one["id"] for one in (clean, noisy)] == [one["id"] for one in found]


def test_nothing_is_kept_that_is_no_better(work, judge, rnnoise):
    """A bar that nothing passes leaves every clip as it was, and its row tells why."""
    for limit, reason in (({"least_rise": 5.0}, "no better"), ({"least_likeness": 1.0}, "another voice")):
        _, noisy = enhanced(work, judge, source="vocals", **limit)
        assert noisy["enhanced"] == "" and noisy["unchanged"] == reason and "enhanced_path" not in noisy


def test_a_clip_that_segment_found_clean_is_not_even_rated(work, judge, rnnoise):
    folder, found, whole, labels = work
    measured = [one | {"speech_to_background_db": 40.0} for one in found]
    for one in enhanced((folder, measured, whole, labels), judge):
        assert one["unchanged"] == "not noisy" and one["before"] == {}


def test_what_takes_speech_away_is_refused(judge, speech):
    settings = job("enhance", ".", mode="auto").settings

    class Gate:
        SAMPLE_RATE = RATE

        def enhance(self, clip):
            return np.where(np.arange(len(clip)) < len(clip) // 2, 0, clip).astype(np.float32)

    rng = np.random.default_rng(0)
    noisy = speech + 0.02 * rng.standard_normal(len(speech)).astype(np.float32)
    choice = better.choose(noisy, {"vocals": noisy}, [Gate()], RATE, settings, judge)
    assert choice.version is None and choice.fault in ("speech lost", "no better", "another voice")
    assert choice.measured.speech_share < judging.LEAST_SPEECH


def test_what_brings_music_back_is_refused():
    settings = job("enhance", ".", mode="auto").settings
    good = judging.Compared(rise=0.5, likeness=0.9, lost_db=0.5, speech_share=1.0)
    assert judging.fault(good, settings) is None
    assert judging.fault(dataclasses.replace(good, lost_db=-2.5), settings) == "background came back"


def test_the_mixture_is_cut_where_the_rows_say(work, speech):
    folder, found, *_ = work
    pairs = list(sources.of_mixture(folder / "whole.wav", found, RATE))
    assert [one["id"] for one, _ in pairs] == [one["id"] for one in found]
    np.testing.assert_allclose(pairs[0][1], speech, atol=1e-4)
    beyond = found[1] | {"end": found[1]["end"] + 1.0}
    ((_, cut),) = sources.of_mixture(folder / "whole.wav", [beyond], RATE)
    assert len(cut) == round((SECONDS + 1) * RATE) and not cut[-RATE // 2 :].any()


def test_all_enhances_every_clip_and_spectral_takes_the_named_noise(work):
    made = enhanced(work, None, mode="all", denoise="spectral", profile=[4.0, 4.3])
    assert [one["enhanced"] for one in made] == ["vocals", "vocals"]
    with pytest.raises(VoxsieveError, match=r"no noise is heard there, expected at least 0.1 s"):
        enhanced(work, None, mode="all", denoise="spectral", profile=[90.0, 91.0])


def test_off_has_no_job_and_filter_takes_the_cut_clips():
    assert config.load({}).enhance.mode == "off" and config.load({"enhance": {"mode": False}}).enhance.mode == "off"
    assert not registry.stages()["enhance"].asked(config.load({}))
    for mode, before in (("off", "slice"), ("auto", "enhance")):
        one = plan.Plan.__new__(plan.Plan)
        one.settings = config.load({"enhance": {"mode": mode, "denoise": "spectral"}})
        assert one.before("filter") == before
        assert ("enhance" in one.asked("shard")) == (mode == "auto")
        assert f"--mode={mode}" in flags.line(flags.of(one.settings, "filter"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"denoise": "magic"}, "denoise expected none, rnnoise, spectral, wpe or the path of an ONNX file"),
        ({"mode": "auto", "denoise": "none"}, "denoise and dereverb are both none"),
        ({"profile": [3.0, 1.0]}, r"profile expected \[start, end\] with 0 <= start < end"),
        ({"mode": "always"}, "'enhance.mode' expected 'off', 'auto' or 'all', found 'always'"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        config.load({"enhance": settings})


def test_files_that_are_not_there_are_told_before_any_job(tmp_path):
    check = registry.stages()["enhance"].check
    settings = config.load({"enhance": {"mode": "auto", "denoise": "gone.onnx", "profile": str(tmp_path / "no.wav")}})
    assert [sentence.split(":")[0] for sentence in check(settings)] == ["enhance.denoise", "enhance.profile"]


def test_a_folder_is_compared_and_what_cannot_be_heard_is_left_out(tmp_path, speech):
    folder = tmp_path / "sounds"
    folder.mkdir()
    soundfile.write(folder / "speech.wav", speech, RATE)
    soundfile.write(folder / "silence.wav", np.zeros(RATE), RATE)
    soundfile.write(folder / "ten_ms.wav", np.full(441, 0.1), RATE)
    (folder / "text.mp3").write_text("no sound\n" * 100)
    words = ("compare", folder, "--methods", "spectral", "--out", tmp_path / "out")
    said = program("stages.enhance", *words).stdout
    assert "silence.wav: left out" in said and "ten_ms.wav: left out" in said and "text.mp3: left out" in said
    assert said.splitlines()[-3].startswith("original") and said.splitlines()[-2].startswith("spectral")
    text = (tmp_path / "out/index.html").read_text()
    assert "speech.wav" in text and text.count("<polyline") == 2
    again = program("stages.enhance", *words, check=False)
    assert again.returncode == 1 and "is not empty: name a new folder" in again.stderr


def test_divergence_is_nothing_for_the_same_and_grows_with_the_distance():
    scores = list(np.random.default_rng(0).normal(2.5, 0.3, 200))
    assert compare.divergence(scores, scores) == 0
    near, far = (compare.divergence(scores, [score + by for score in scores]) for by in (0.2, 1.0))
    assert 0 < near < far
    assert page.outline([2.0, 2.0]).count(",") == 2 * (len(page.BINS) - 1)


def test_a_recording_that_cannot_be_heard_leaves_its_clips_as_they_were(work, tmp_path, monkeypatch):
    """The stage never loses seconds: what fails twice stays as slice cut it."""
    folder, found, whole, labels = work
    written = {}
    monkeypatch.setattr(run, "run_shard", lambda stage, given, process, kind: written.update(rows=process(given)[0]))
    stage = job("enhance", folder, mode="all", denoise="spectral", source="mixture")
    monkeypatch.setattr(enhance.program, "parse", lambda *_: stage)
    (folder / "broken.wav").write_text("no sound")
    broken = {"separate": [whole | {"mixture": "broken.wav"}], "segment": [labels]}
    monkeypatch.setattr(type(stage), "inputs", lambda _, kind, before="slice": broken.get(before, found))
    monkeypatch.setattr("sys.argv", ["enhance"])
    enhance.main()
    assert [one["enhanced"] for one in written["rows"]] == ["", ""]
    assert json.dumps(written["rows"]) and all("No audio" in one["unchanged"] for one in written["rows"])
