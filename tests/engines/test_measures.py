"""Measures against signals whose answer is known, and against speech with a known noise."""

import csv

import numpy as np
import pytest
import soundfile
from scipy import signal, stats

from engines.scores import measures

RATE = 16000
RNG = np.random.default_rng(0)


def voice(f0: np.ndarray | float, seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    """A buzz with the fundamental `f0` (scalar or one value a sample) and ten harmonics."""
    f0 = np.broadcast_to(f0, round(seconds * rate))
    phase = 2 * np.pi * np.cumsum(f0) / rate
    return sum(np.sin(k * phase) / k for k in range(1, 11)).astype(np.float32) * 0.2


def noise(seconds: float, rms: float, rate: int = RATE) -> np.ndarray:
    return RNG.normal(0, rms, round(seconds * rate)).astype(np.float32)


@pytest.mark.parametrize("hertz", [70, 110, 150, 220, 330, 450])
def test_the_pitch_of_a_buzz_is_its_fundamental(hertz):
    found = measures.periodicity(voice(hertz), RATE)
    median, semitones = measures.f0_statistics(found)
    assert median == pytest.approx(hertz, rel=0.005)
    assert semitones < 0.1
    assert measures.voiced_share(found) > 0.97


def test_a_glide_of_an_octave_ranges_over_most_of_one():
    glide = 110 * 2 ** np.linspace(0, 1, 3 * RATE)
    median, semitones = measures.f0_statistics(measures.periodicity(voice(glide, 3), RATE))
    assert median == pytest.approx(110 * 2**0.5, rel=0.02)
    assert semitones == pytest.approx(12 * 0.9, abs=0.3)


def test_half_a_buzz_and_half_a_pause_is_voiced_to_a_half():
    clip = np.concatenate([voice(150, 2), np.zeros(2 * RATE, np.float32)])
    assert measures.voiced_share(measures.periodicity(clip, RATE)) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("clip", [noise(2, 0.1), np.zeros(2 * RATE, np.float32), np.ones(RATE, np.float32) * 0.1])
def test_what_has_no_voice_has_no_pitch_and_no_ratio(clip):
    found = measures.periodicity(clip - clip.mean(), RATE)
    assert measures.f0_statistics(found) == (None, None)
    assert measures.snr_db(found) is None
    assert measures.voiced_share(found) < 0.05


@pytest.mark.parametrize("samples", [1, 100, 400])
def test_clips_of_a_few_samples_are_measured_without_error(samples):
    clip = noise(samples / RATE, 0.1)
    found = measures.periodicity(clip, RATE)
    assert len(found.power) == len(found.f0) >= 1
    assert measures.bandwidth_hz(clip, RATE) is None or samples >= 256
    assert measures.edge_silences(clip, RATE) >= (0, 0) and measures.clipping(clip) >= 0


@pytest.mark.parametrize("ratio_db", [5, 15, 25, 40])
def test_the_ratio_of_a_buzz_to_noise_in_its_pause(ratio_db):
    buzz = np.concatenate([voice(150, 2), np.zeros(RATE, np.float32)])
    level = np.sqrt(np.mean(voice(150, 2) ** 2)) * 10 ** (-ratio_db / 20)
    # White noise up to 8 kHz, of which half lies in the band that is looked at.
    found = measures.snr_db(measures.periodicity(buzz + noise(3, level), RATE))
    assert found == pytest.approx(ratio_db + 3, abs=2.5)


@pytest.mark.parametrize("before, after", [(0.0, 0.0), (0.25, 0.0), (0.1, 0.4)])
def test_silence_at_the_edges(before, after):
    parts = [np.zeros(round(before * RATE)), voice(150, 1), np.zeros(round(after * RATE))]
    clip = np.concatenate(parts).astype(np.float32) + noise(before + 1 + after, 1e-4)
    assert measures.edge_silences(clip, RATE) == pytest.approx((before, after), abs=0.011)


def test_nothing_but_silence_is_silent_at_both_edges():
    assert measures.edge_silences(np.zeros(RATE, np.float32), RATE) == (1, 1)


@pytest.mark.parametrize("cutoff", [3400, 5500, 8000, 10000])
def test_the_bandwidth_of_filtered_noise_is_the_cutoff(cutoff):
    rate = 22050
    sections = signal.cheby2(12, 80, cutoff, fs=rate, output="sos")
    clip = signal.sosfilt(sections, noise(3, 0.1, rate)).astype(np.float32)
    assert measures.bandwidth_hz(clip, rate) == pytest.approx(cutoff, abs=350)


def test_the_bandwidth_of_silence_is_unknown():
    assert measures.bandwidth_hz(np.zeros(RATE, np.float32), RATE) is None


def test_clipping_counts_flat_tops_and_survives_a_gain_and_a_high_pass():
    clip = signal.sosfilt(signal.butter(2, [100, 600], "band", fs=RATE, output="sos"), noise(5, 1)).astype(np.float32)
    assert measures.clipping(clip) < 1e-3
    limit = np.percentile(np.abs(clip), 90)
    clipped = np.clip(clip, -limit, limit)
    share = measures.clipping(clipped)
    assert 0.05 < share < 0.1
    moved = 0.3 * signal.sosfiltfilt(signal.butter(2, 50, "high", fs=RATE, output="sos"), clipped)
    assert measures.clipping(moved.astype(np.float32)) > 0.5 * share
    assert measures.clipping(np.zeros(RATE, np.float32)) == 0


def test_the_ratio_of_real_speech_falls_with_its_noise(data):
    found, known, right = [], [], []
    with open(data / "noisy_clean/pairs.csv", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["kind"] != "noise":
                continue
            ratios = []
            for side in ("degraded", "clean"):
                clip, rate = soundfile.read(data / "noisy_clean" / row[side], dtype="float32")
                ratio = measures.snr_db(measures.periodicity(clip, rate))
                ratios.append(-10 if ratio is None else ratio)
            right.append(ratios[1] > ratios[0])
            found += ratios
            known += [float(row["snr_db"]), 40]
    assert np.mean(right) >= 0.95
    assert stats.spearmanr(found, known)[0] > 0.65
