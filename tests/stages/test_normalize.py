"""Loudness and true peak against the standard's known answers, ffmpeg's meter, and ffmpeg-normalize."""

import csv
import re

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.loudness import bs1770 as loudness
from engines.loudness.original import Normalizer
from pipeline import audio, ffmpeg, manifest
from stages import normalize as stage
from tests.conftest import row


def sine(level_dbfs: float, seconds: float, rate: int = 48000, frequency: float = 1000.0) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * frequency * time)


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
def test_a_997_hz_sine_reads_its_level_less_3_01(rate):
    """BS.1770-4: a full-scale 997 Hz sine in one front channel reads -3.01 LKFS."""
    assert loudness.integrated_loudness(sine(0, 5, rate, 997.0), rate) == pytest.approx(-3.01, abs=0.05)
    assert loudness.integrated_loudness(sine(-20, 5, rate, 997.0), rate) == pytest.approx(-23.01, abs=0.05)


def test_the_gates_of_ebu_tech_3341():
    """Tech 3341 cases 3 and 4, one channel (so 3 dB below two): quiet stretches are gated out."""
    parts = [(-36, 10), (-23, 60), (-36, 10)]
    signal = np.concatenate([sine(level + 3.01, seconds) for level, seconds in parts])
    assert loudness.integrated_loudness(signal, 48000) == pytest.approx(-23.0, abs=0.1)
    parts = [(-72, 10), *parts, (-72, 10)]
    signal = np.concatenate([sine(level + 3.01, seconds) for level, seconds in parts])
    assert loudness.integrated_loudness(signal, 48000) == pytest.approx(-23.0, abs=0.1)


def test_what_cannot_be_measured_is_none():
    assert loudness.integrated_loudness(sine(-20, 0.39), 48000) is None
    assert loudness.integrated_loudness(np.zeros(48000), 48000) is None
    assert loudness.true_peak(np.zeros(100)) == -np.inf


def test_true_peak_sees_between_the_samples():
    """A sine at a quarter of the rate, sampled at 45 degrees: samples at -3.01 dB, true peak 0 dBTP (Tech 3341)."""
    signal = np.sin(2 * np.pi * np.arange(4800) / 4 + np.pi / 4) * np.hanning(4800).clip(0, 0.5) * 2
    assert 20 * np.log10(np.abs(signal).max()) == pytest.approx(-3.01, abs=0.01)
    assert loudness.true_peak(signal) == pytest.approx(0.0, abs=0.1)


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_true_peak_is_that_of_every_place(length, seed):
    signal = np.random.default_rng(seed).standard_normal(length).astype(np.float32)
    everywhere = max(np.abs(np.convolve(signal, phase)).max() for phase in loudness.PHASES)
    assert loudness.true_peak(signal) == pytest.approx(20 * np.log10(max(everywhere, np.abs(signal).max())), abs=1e-4)


def speech(data, least: float, most: float, count: int) -> list[np.ndarray]:
    """Utterances of one dev show, mono 44.1 kHz, of some lengths."""
    whole = np.concatenate(list(audio.decode(data / "radio" / "dev01.mp3", 44100, 1)))[:, 0]
    with open(data / "radio" / "dev01.csv", newline="") as lines:
        rows = [one for one in csv.DictReader(lines) if one["label"] == "speech"]
    spans = [(float(one["start"]), float(one["end"])) for one in rows]
    return [whole[int(44100 * a) : int(44100 * b)] for a, b in spans if least <= b - a < most][:count]


def meter(path) -> float:
    """What ffmpeg's ebur128 filter reads."""
    said = ffmpeg.run(["-hide_banner", "-nostdin", "-i", str(path), "-af", "ebur128", "-f", "null", "-"]).stderr
    return float(re.findall(rb"I:\s+(-?[\d.]+) LUFS", said)[-1])


def test_the_meter_agrees_with_ffmpegs(data, wav):
    for clip in speech(data, 0.5, 30, 12):
        assert loudness.integrated_loudness(clip, 44100) == pytest.approx(meter(wav("clip.wav", clip)), abs=0.1)


def test_native_and_ffmpeg_normalize_agree_on_clips_below_3_s(data):
    package, native = Normalizer(-23.0, -1.0), stage.Native(-23.0)
    clips = speech(data, 0.6, 3, 6)
    assert len(clips) == 6
    for clip in clips:
        lufs = loudness.integrated_loudness(clip, 44100)
        ours = min(native.gain_db(clip, 44100, lufs), -1.0 - loudness.true_peak(clip))
        assert ours == pytest.approx(package.gain_db(clip, 44100, lufs), abs=0.1)


def test_from_3_s_on_ffmpeg_normalize_counts_the_last_2_9_s_twice(data):
    """loudnorm flushes 2.9 s of its buffer through its meter again: with that counted, the two agree."""
    package = Normalizer(-23.0, -1.0)
    for clip in speech(data, 3, 9, 4):
        gain = package.gain_db(clip, 44100, loudness.integrated_loudness(clip, 44100))
        twice = np.concatenate([clip, clip[-round(2.9 * 44100) :]])
        assert -23.0 - loudness.integrated_loudness(twice, 44100) == pytest.approx(gain, abs=0.1)


def test_the_clips_reach_target_and_limit_and_short_ones_their_recordings_gain(tmp_path, wav):
    rng = np.random.default_rng(1)
    quiet = sine(-40, 3, 44100) * (0.5 + rng.random(3 * 44100))
    click = np.zeros(2 * 44100)
    click[1000::4410] = 0.9
    signals = {"quiet": quiet, "click": click, "short": quiet[:13000], "silent": np.zeros(44100)}
    rows = []
    for name, signal in signals.items():
        path = wav(f"work/clips/{name}.wav", signal)
        end = len(signal) / 44100
        rows.append(row(id=name, path=str(path.relative_to(tmp_path / "work")), end=end, duration=end))
    out = tmp_path / "work" / "normalize"
    made, rejects = stage.process(rows, stage.Native(-23.0), 22050, -23.0, -1.0, out, tmp_path / "work")
    manifest.check_complete(rows, made, rejects)
    found = {one["id"]: one for one in made}
    assert [one["id"] for one in rejects] == ["silent"] and rejects[0]["reason"] == "silent"
    assert found["quiet"]["lufs"] == pytest.approx(-23, abs=0.02)
    assert meter(tmp_path / "work" / found["quiet"]["path"]) == pytest.approx(-23, abs=0.1)
    assert found["click"]["true_peak_dbtp"] == pytest.approx(-1, abs=0.01) and found["click"]["lufs"] < -23
    assert found["short"]["lufs"] is None
    info = soundfile.info(tmp_path / "work" / found["quiet"]["path"])
    assert (info.samplerate, info.channels, info.subtype, info.frames) == (22050, 1, "PCM_16", 3 * 22050)
