"""Loudness and true peak against the standard's known answers, ffmpeg's meter, and ffmpeg-normalize."""

import csv
import re

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.loudness import bs1770 as loudness
from engines.loudness.onnx import Normalizer as Native
from engines.loudness.original import Normalizer
from pipeline import audio, ffmpeg, manifest
from pipeline.rows import FilteredClip, NormalizedClip
from stages.normalize import __main__ as stage
from tests.conftest import job, row


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
    whole = audio.concatenated(audio.decode_mono(data / "radio" / "dev01.mp3", 44100))
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
    package, native = Normalizer(-23.0, -1.0), Native(-23.0, -1.0)
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


SIGNALS = ("quiet", "click", "short", "silent")


@pytest.fixture
def places(tmp_path):
    """A work folder with vocals that hold four clips, and the clips' rows: places in the vocals."""
    rng = np.random.default_rng(1)
    quiet = sine(-40, 3, 44100) * (0.5 + rng.random(3 * 44100))
    click = np.zeros(2 * 44100)
    click[1000::4410] = 0.9
    signals = [quiet, click, quiet[:13230], np.zeros(44100)]
    path = tmp_path / "separate/s0000/r000000.flac"
    with audio.writing(path, 44100, 1) as vocals:
        vocals.write(np.concatenate(signals))
    edges = np.cumsum([0.0, *(len(signal) / 44100 for signal in signals)]).round(6).tolist()
    where = {"path": "separate/s0000/r000000.flac", "recording_id": "r000000"}
    clips = [row(FilteredClip, start=a, end=b, **where) for a, b in zip(edges, edges[1:], strict=False)]
    return tmp_path, clips


def normalized(work, clips):
    """name -> row of the clips that the stage keeps, and its rejects."""
    this = job("normalize", work, true_peak_dbtp=-1.0, target_lufs=-23.0, sample_rate=22050)
    this.out.mkdir(parents=True, exist_ok=True)
    rows, rejects = stage.process(clips, this, Native(-23.0, -1.0))
    manifest.check_complete(clips, rows, rejects)
    names = {clip["id"]: name for clip, name in zip(clips, SIGNALS, strict=True)}
    for one in rows:
        manifest.kinds.check(one, NormalizedClip, "normalize")
    return {names[one["id"]]: one for one in rows}, rejects


def test_the_clips_reach_target_and_limit_and_short_ones_their_recordings_gain(places):
    work, clips = places
    clip, rejects = normalized(work, clips)
    assert [(one["id"], one["reason"]) for one in rejects] == [(clips[3]["id"], "silent")]
    assert clip["quiet"]["lufs"] == pytest.approx(-23, abs=0.02)
    assert meter(work / clip["quiet"]["path"]) == pytest.approx(-23, abs=0.1)
    assert clip["click"]["true_peak_dbtp"] == pytest.approx(-1, abs=0.01) and clip["click"]["lufs"] < -23
    assert clip["short"]["lufs"] is None
    quiet, short = (audio.read(work / clip[name]["path"])[:, 0] for name in ("quiet", "short"))
    assert np.abs(short).max() > 0.001 and len(short) == 6615
    info = soundfile.info(work / clip["quiet"]["path"])
    assert (info.samplerate, info.channels, info.subtype, info.frames) == (22050, 1, "PCM_16", 3 * 22050)
    assert clip["quiet"]["vocals"] == "separate/s0000/r000000.flac" and "sections" not in clip["quiet"]


def test_a_clip_is_heard_through_its_filter(places):
    """The filter's sections stand in the row; the sound is filtered where it is first heard."""
    from stages.filter import design
    from stages.filter.settings import Filter

    work, clips = places
    low_pass = {"cutoff_hz": 500.0, "slope_db_per_octave": 12, "passes": 2}
    sections = design.sections(Filter.model_validate({"low_pass": low_pass, "high_pass": None}), 44100).tolist()
    plain, _ = normalized(work, clips)
    before = plain["quiet"]["lufs_before"]
    muffled, _ = normalized(work, [one | {"sections": sections, "zero_phase": True} for one in clips])
    # The 1 kHz tone lies an octave above: 24.6 dB, less what its noise keeps below 500 Hz.
    assert 20 < before - muffled["quiet"]["lufs_before"] < 25


@pytest.mark.parametrize("threads", [1, 2])
def test_one_torn_clip_costs_one_clip(places, threads):
    """A place beyond the end of the vocals cannot be read; its neighbours can."""
    work, clips = places
    beyond = row(FilteredClip, start=100.0, end=102.0, path=clips[0]["path"])
    this = job("normalize", work, threads=threads)
    this.out.mkdir(parents=True)
    rows, rejects = stage.process([clips[0], beyond, clips[1]], this, Native(-23.0, -1.0))
    manifest.check_complete([clips[0], beyond, clips[1]], rows, rejects)
    assert [one["id"] for one in rows] == [clips[0]["id"], clips[1]["id"]]
    assert [(one["id"], one["reason"]) for one in rejects] == [(beyond["id"], "error")]


def test_undistorted_float_audio_keeps_its_shape_through_16_bit_vocals(tmp_path):
    """Peaks at +12 dB are no distortion in float audio: vocals of 16 bit carry them with a gain that is undone."""
    from stages.separate import vocals

    seconds, rate = 3, audio.WORK_RATE
    loud = (10 ** (12 / 20) * np.sin(2 * np.pi * 440 * np.arange(seconds * rate) / rate)).astype(np.float32)
    source = tmp_path / "loud.wav"
    soundfile.write(source, loud, rate, "FLOAT")

    class Through:
        """Stands for a separator that finds nothing but voice."""

        def stream(self, blocks, accompaniment=False):
            for block in blocks:
                yield block, np.zeros_like(block)

    peak = float(np.abs(loud).max())
    recording = {"source": "loud.wav", "channels": 1, "peak": peak, "duration": float(seconds)}
    path = tmp_path / "separate/s0000/r000000.flac"
    vocals.separate(recording, source, path, None, Through())
    stored = audio.read(path)[:, 0]
    assert np.abs(stored).max() == pytest.approx(0.99, abs=0.001)  # not clipped
    place = row(FilteredClip, end=float(seconds), path="separate/s0000/r000000.flac", gain=vocals.headroom(peak))
    clip = stage.clips.place(place, tmp_path)
    np.testing.assert_allclose(clip, loud, atol=2 * peak / 32768)
    assert vocals.headroom(1.0) == vocals.headroom(0.2) == 1.0
