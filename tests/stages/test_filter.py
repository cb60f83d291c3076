"""Filters against their known physics."""

import numpy as np
import pytest

from pipeline.errors import ConfigError
from stages import filter as stage

RATE = 44100


def gain_db(frequency: float, sections: np.ndarray, zero_phase: bool = True) -> float:
    """What a filter does to the level of a tone, in dB, measured in its middle second."""
    tone = np.sin(2 * np.pi * frequency * np.arange(3 * RATE) / RATE)
    out = stage.apply(tone, sections, RATE, zero_phase)[RATE : 2 * RATE]
    return 10 * np.log10(np.mean(out**2) / 0.5)


@pytest.mark.parametrize("zero_phase", [True, False])
@pytest.mark.parametrize(("slope", "passes"), [(36, 2), (36, 3), (12, 1), (24, 1)])
def test_total_slope_is_slope_times_passes_whatever_the_phase(slope, passes, zero_phase):
    sections = stage.butterworth(stage.Slope("lowpass", 250, slope, passes), RATE, zero_phase)
    assert gain_db(25, sections, zero_phase) == pytest.approx(0, abs=0.1)
    if slope * passes <= 24:  # two octaves up, where a gentle filter has reached its slope and still shows a tone
        octave = gain_db(1000, sections, zero_phase) - gain_db(2000, sections, zero_phase)
        assert octave == pytest.approx(slope * passes, rel=0.06)
    assert gain_db(500, sections, zero_phase) < -0.95 * slope * passes


def test_cutoff_loses_3_db_a_pass():
    sections = stage.butterworth(stage.Slope("lowpass", 5000, 36, 2), RATE, True)
    assert gain_db(5000, sections) == pytest.approx(-6.02, abs=0.05)
    assert gain_db(5000, stage.butterworth(stage.Slope("highpass", 5000, 12, 1), RATE, False), False) == pytest.approx(
        -3.01, abs=0.05
    )


def test_notch_removes_its_frequency_and_spares_the_rest():
    sections = stage.notch(6000, 30, RATE)
    assert gain_db(6000, sections) < -60
    assert gain_db(6100, sections, False) == pytest.approx(-3.01, abs=0.15)  # half of the bandwidth 6000/30 Hz away
    assert gain_db(5000, sections) == pytest.approx(0, abs=0.1)


def test_zero_phase_moves_nothing_and_causal_delays():
    click = np.zeros(RATE)
    click[RATE // 2] = 1
    sections = stage.butterworth(stage.Slope("lowpass", 2000, 36, 2), RATE, True)
    out = stage.apply(click, sections, RATE, True)
    assert np.argmax(out) == RATE // 2
    np.testing.assert_allclose(out, out[::-1][np.r_[-1, 0 : len(out) - 1]], atol=1e-12)
    assert np.argmax(stage.apply(click, sections, RATE, False)) > RATE // 2


def test_cutoff_above_nyquist_is_refused():
    for call in (
        lambda: stage.butterworth(stage.Slope("lowpass", 8000, 12, 1), 16000, False),
        lambda: stage.notch(9000, 30, 16000),
        lambda: stage.notch(0, 30, 16000),
        lambda: stage.notch(50, 0, 16000),
    ):
        with pytest.raises(ConfigError, match="not between 0 and the Nyquist frequency"):
            call()


def test_no_filter_changes_nothing_and_a_short_clip_passes():
    clip = np.random.default_rng(0).standard_normal(50).astype(np.float32)
    assert stage.apply(clip, np.zeros((0, 6)), RATE, True) is clip
    assert len(stage.apply(clip, stage.notch(50, 30, RATE), RATE, True)) == 50
