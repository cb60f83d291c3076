"""Mixing: ratios and levels are what was asked for, splits share nothing, the same seed gives the same bytes."""

import csv
import hashlib

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from tests.conftest import program
from training import drawing, materials, mixing, noises, sounds
from training.drawing import Materials, Recipe
from training.settings import Mixing
from training.sounds import RATE, Sound

signals = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).standard_normal(8000).astype(np.float32) * 0.1
)


@given(signals, signals, st.floats(-40, 60))
def test_the_ratio_is_the_one_that_was_asked_for(speech, noise, snr_db):
    scaled = mixing.at_snr(speech, noise, snr_db)
    found = 10 * np.log10(mixing.active_power(speech) / np.mean(scaled.astype(np.float64) ** 2))
    assert found == pytest.approx(snr_db, abs=0.01)


@given(signals, st.floats(-60, 0), st.floats(0.01, 100))
def test_levels_are_reached_and_nothing_clips(signal, dbfs, gain):
    (out,) = mixing.to_level([signal * np.float32(gain)], signal * np.float32(gain), dbfs)
    assert np.abs(out).max() <= 0.9901
    level = 10 * np.log10(mixing.active_power(out))
    assert level == pytest.approx(dbfs, abs=0.01) or np.abs(out).max() == pytest.approx(0.99, abs=1e-3)


@given(st.sets(st.text("abcdef", min_size=1), min_size=2, max_size=40), st.floats(0.01, 0.99), st.integers(0, 99))
def test_no_group_is_on_both_sides_of_a_split(groups, share, seed):
    found = [Sound(f"{group}{n}.wav", "speech", group, "CC0") for group in sorted(groups) for n in range(2)]
    train, val = sounds.split(found, share, seed)
    assert train and val and sorted(map(str, train + val)) == sorted(map(str, found))
    assert not {sound.group for sound in train} & {sound.group for sound in val}


@pytest.mark.parametrize("codec", mixing.CODECS)
def test_a_codec_keeps_length_and_time(codec):
    speech = np.sin(np.cumsum(np.random.default_rng(0).uniform(0.02, 0.3, 16001))).astype(np.float32) * 0.5
    out = mixing.coded(speech, codec)
    assert len(out) == len(speech)
    lags = [float(np.dot(out[100:-100], speech[100 + lag : len(speech) - 100 + lag])) for lag in range(-50, 51)]
    assert np.argmax(lags) == 50


@pytest.mark.parametrize("family", noises.FAMILIES)
def test_every_family_of_noise_sounds(family):
    for seed in range(4):
        sound = noises.FAMILIES[family](np.random.default_rng(seed), 3 * RATE)
        assert sound.shape == (3 * RATE,) and np.isfinite(sound).all() and sound.any()


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_an_example_follows_from_its_seed_and_number(number):
    rng = np.random.default_rng(1)
    voices = {name: [rng.standard_normal(RATE).astype(np.float32)] for name in "ab"}
    parts = Materials(voices, {"n": rng.standard_normal(500).astype(np.float32)}, [])
    recipe = Recipe(seconds=0.5, clean_share=0.3)
    one, two = (drawing.draw(parts, recipe, 7, number) for _ in range(2))
    assert one.facts == two.facts
    np.testing.assert_array_equal(one.noisy, two.noisy)
    assert len(one.noisy) == len(one.clean) == RATE // 2 and np.abs(one.noisy).max() <= 1
    if one.facts["noise"] == "none" and one.facts["codec"] == "none":
        np.testing.assert_array_equal(one.noisy, one.clean)


def test_materials_keep_what_is_held_out_and_unlicensed_out(sounds_table):
    asked = Mixing(sounds=str(sounds_table), noises="recorded", rooms="0", validation_share=0.3)
    for licensed_only in (False, True):
        parts, card = materials.prepare(asked.model_copy(update={"licensed_only": licensed_only}))
        for kind in ("speech", "noises"):
            train, val = (set(getattr(parts[part], kind)) for part in materials.PARTS)
            assert train and val and not train & val
        assert "noise5" not in {*parts["train"].noises, *parts["val"].noises}  # it is heard in evaluation data
        assert not licensed_only or "none stated" not in card["train"]["licences"]


def test_a_folder_is_written_in_its_layout_and_again_the_same(sounds_table, tmp_path):
    words = [f"--sounds={sounds_table}", "--noises=recorded", "--rooms=0", "--seconds=0.5", "--validation-share=0.3"]
    digests = []
    for name in ("one", "two"):
        program("training.mix", tmp_path / name, "--train=5", "--val=3", *words)
        paths = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        digests.append([(p.relative_to(tmp_path / name), hashlib.sha256(p.read_bytes()).digest()) for p in paths])
    assert digests[0] == digests[1]
    for part, count in (("train", 5), ("val", 3)):
        with open(tmp_path / "one" / part / "pairs.csv", newline="") as opened:
            rows = list(csv.DictReader(opened))
        assert len(rows) == count
        for row in rows:
            noisy, clean = (soundfile.read(tmp_path / "one" / part / row[side])[0] for side in ("degraded", "clean"))
            assert row["degraded"] == f"noisy/{row['speaker']}/{row['id']}.flac" and noisy.shape == clean.shape
    again = program("training.mix", tmp_path / "one", *words, check=False)
    assert again.returncode == 1 and "exists: name a new folder" in again.stderr


def esc50(folder, classes=("rain", "siren", "dog")):
    (folder / "audio").mkdir(parents=True)
    (folder / "meta").mkdir()
    rows = ["filename,fold,target,category,esc10,src_file,take"]
    for number, name in enumerate(classes):
        soundfile.write(folder / f"audio/{number}.wav", np.full(800, 0.1), RATE)
        rows.append(f"{number}.wav,1,{number},{name},True,{100 + number},A")
    (folder / "meta/esc50.csv").write_text("\n".join(rows) + "\n")


def test_noise_folders_are_filtered_by_class(tmp_path):
    esc50(tmp_path / "esc")
    assert [s.path.name for s in sounds.of_folder(tmp_path / "esc", ["siren"])] == ["1.wav"]
    assert len(set(sounds.EVERYDAY)) == 20
    (tmp_path / "own/fan").mkdir(parents=True)
    soundfile.write(tmp_path / "own/fan/a.wav", np.full(800, 0.1), RATE)
    assert [s.group for s in sounds.of_folder(tmp_path / "own", ["fan"])] == ["fan/a.wav"]
    with pytest.raises(ConfigError, match=r"has no noise class 'owl', only: fan"):
        sounds.of_folder(tmp_path / "own", ["owl"])


def test_what_cannot_be_mixed_is_one_sentence(sounds_table, tmp_path):
    speech = np.ones(800, np.float32)
    for wrong, sentence in (
        (lambda: mixing.at_snr(speech, speech, 99), "ratio of 99 dB is impossible"),
        (lambda: mixing.at_snr(speech, 0 * speech, 5), "The noise is silent"),
        (lambda: mixing.at_snr(0 * speech, speech, 5), "The speech is silent"),
        (lambda: Recipe(snr_db=(90, 99)), "expected a range within -40 to 60 dB, found 90 to 99"),
        (lambda: sounds.of_folder(tmp_path / "no"), "does not exist: name one"),
        (lambda: sounds.of_table(tmp_path / "no.csv"), "There is no table of sounds"),
        (lambda: sounds.split([Sound("a", "noise", "a", "")], 0.5, 0), "Only 1 speaker or noise"),
    ):
        with pytest.raises(ConfigError, match=sentence):
            wrong()
    (tmp_path / "short").mkdir()
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"short/{name}.wav", np.full(160, 0.1), RATE)  # 10 ms
    asked = Mixing(sounds=str(sounds_table), noises=str(tmp_path / "short"), rooms="0")
    with pytest.raises(ConfigError, match=r"No noise of at least 0.5 s is left for 'train'"):
        materials.prepare(asked)
