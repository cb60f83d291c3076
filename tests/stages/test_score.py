"""The scores that rest on models: DNSMOS held against speechmos 0.0.1.1, music, two voices in one clip."""

import csv
import json

import numpy as np
import pytest
import soundfile

from engines.dnsmos import onnx as dnsmos_onnx
from pipeline import audio, filters, manifest
from pipeline.errors import ModelError
from stages import score
from tests.conftest import row

# speechmos.dnsmos.run(clip, 16000) of these samples: sig_mos, bak_mos, ovrl_mos.
PACKAGE = [
    ("clean/n002.flac", 0, None, (3.6219, 4.2102, 3.4093)),
    ("noisy/n001.flac", 0, None, (1.1820, 1.0836, 1.1144)),
    ("noisy/n005.flac", 0, 32000, (1.2509, 1.1670, 1.0944)),
    ("noisy/n010.flac", 0, 45077, (1.1972, 1.1145, 1.1075)),
    ("clean/n020.flac", 0, 72123, (3.5465, 4.1931, 3.3262)),
    ("noisy/n030.flac", 1000, 25000, (3.0147, 1.8171, 1.7313)),
]


@pytest.fixture(scope="module")
def scorer():
    try:
        return score.Scorer(2, "cpu")
    except ModelError as error:
        pytest.skip(str(error))


def read(path, start: int = 0, stop: int | None = None) -> np.ndarray:
    sound, rate = soundfile.read(path, start=start, stop=stop, dtype="float32")
    assert rate == score.RATE
    return sound


@pytest.mark.parametrize("name, start, stop, known", PACKAGE)
def test_dnsmos_is_that_of_the_package(scorer, data, name, start, stop, known):
    found = scorer.rater.rate([read(data / "noisy_clean" / name, start, stop)])
    assert found[0] == pytest.approx(known, abs=0.0002)


def test_dnsmos_does_not_depend_on_the_other_clips(scorer, data):
    clips = [read(data / "noisy_clean" / f"clean/n00{n}.flac", 0, 30000 + 7777 * n) for n in (1, 2, 3)]
    together = scorer.rater.rate(clips)
    assert together.shape == (3, 3)
    np.testing.assert_array_equal(together, np.concatenate([scorer.rater.rate([clip]) for clip in clips]))
    assert scorer.rater.rate([]).shape == (0, 3)


@pytest.mark.parametrize(
    "samples, count", [(144160, 1), (160000, 1), (176000, 2), (32000, 7), (72080, 1), (80000, 1), (72079, 9), (1, 7)]
)
def test_a_clip_is_doubled_to_9_s_and_rated_every_second(samples, count):
    assert dnsmos_onnx.windows(samples) == count


def test_dnsmos_orders_clean_before_degraded(scorer, data):
    with open(data / "noisy_clean/pairs.csv", encoding="utf-8") as lines:
        pairs = [row for row in csv.DictReader(lines)][::5]
    clips = [
        read(data / "noisy_clean" / pair[side])[: 5 * score.RATE] for pair in pairs for side in ("degraded", "clean")
    ]
    overall = scorer.rater.rate(clips)[:, 2].reshape(-1, 2)
    assert np.mean(overall[:, 1] > overall[:, 0]) >= 0.9


def test_music_is_heard_in_music_and_not_in_speech(scorer, data):
    speech = read(data / "noisy_clean/clean/n002.flac")
    jingle, rate = soundfile.read(data / "radio/dev06.flac", stop=5 * 44100, dtype="float32")
    assert scorer.music_residue(speech) < 0.05
    assert scorer.music_residue(audio.resample(jingle.mean(axis=1), rate, score.RATE)) > 0.9
    assert scorer.music_residue(speech[:3000]) >= 0
    assert scorer.music_residue(speech[:100]) is None


def test_two_voices_in_one_clip_are_less_alike_than_one(scorer, data):
    with open(data / "noisy_clean/pairs.csv", encoding="utf-8") as lines:
        rows = {row["speaker"]: row for row in csv.DictReader(lines) if float(row["seconds"]) > 5}
    first, second = (read(data / "noisy_clean" / one["clean"])[: 5 * score.RATE] for one in list(rows.values())[:2])
    spliced = np.concatenate([first[: len(first) // 2], second[len(second) // 2 :]])
    one, other, both, silent = scorer.half_similarity([first, second, spliced, np.zeros(score.RATE, np.float32)])
    assert min(one, other) > both + 0.1
    assert silent is None


def test_every_row_comes_back_with_every_score_and_a_fingerprint(scorer, tmp_path, data):
    speech = read(data / "noisy_clean/clean/n002.flac")
    clips = {"voice": speech[: 3 * score.RATE], "silence": np.zeros(2 * score.RATE), "blink": speech[:160]}
    rows = []
    for number, (name, clip) in enumerate(clips.items()):
        soundfile.write(tmp_path / f"{name}.wav", clip, score.RATE)
        rows.append(row(id=f"r000000_{number:06d}", path=f"{name}.wav", sample_rate=score.RATE))
    made, rejects = score.process(rows, scorer, tmp_path / "score", tmp_path)
    assert not rejects and [one["parent_id"] for one in made] == [one["id"] for one in rows]
    for one in made:
        manifest.check(one, manifest.ROW, "made")
        assert set(filters.SCORES) <= set(one)
    json.dumps(made, allow_nan=False)
    assert made[0]["f0_median_hz"] and made[1]["f0_median_hz"] is None and made[1]["half_similarity"] is None
    stored = np.load(tmp_path / made[0]["fingerprints"])
    assert [one["fingerprint"] for one in made] == [0, 1, 2]
    assert len(stored["bounds"]) == 4 and stored["bounds"][-1] == len(stored["hashes"]) == len(stored["frames"])
    again, _ = score.process(rows, scorer, tmp_path / "again", tmp_path)
    same = {"fingerprints": None}
    assert [one | same for one in again] == [one | same for one in made]
