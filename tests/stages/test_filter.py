"""Filters against their known physics."""

import numpy as np
import pytest

from pipeline import clips
from pipeline.errors import ConfigError
from stages.filter import design
from stages.filter.settings import Filter, Slope

RATE = 44100


def butterworth(kind: str, cutoff_hz: float, slope: int, passes: int, zero_phase: bool, rate: int = RATE) -> np.ndarray:
    return design.butterworth(
        kind, Slope(cutoff_hz=cutoff_hz, slope_db_per_octave=slope, passes=passes), rate, zero_phase
    )


def gain_db(frequency: float, sections: np.ndarray, zero_phase: bool = True) -> float:
    """What a filter does to the level of a tone, in dB, measured in its middle second."""
    tone = np.sin(2 * np.pi * frequency * np.arange(3 * RATE) / RATE)
    out = clips.apply(tone, sections, RATE, zero_phase)[RATE : 2 * RATE]
    return 10 * np.log10(np.mean(out**2) / 0.5)


@pytest.mark.parametrize("zero_phase", [True, False])
@pytest.mark.parametrize(("slope", "passes"), [(36, 2), (36, 3), (12, 1), (24, 1)])
def test_total_slope_is_slope_times_passes_whatever_the_phase(slope, passes, zero_phase):
    sections = butterworth("lowpass", 250, slope, passes, zero_phase)
    assert gain_db(25, sections, zero_phase) == pytest.approx(0, abs=0.1)
    if slope * passes <= 24:  # two octaves up, where a gentle filter has reached its slope and still shows a tone
        octave = gain_db(1000, sections, zero_phase) - gain_db(2000, sections, zero_phase)
        assert octave == pytest.approx(slope * passes, rel=0.06)
    assert gain_db(500, sections, zero_phase) < -0.95 * slope * passes


def test_cutoff_loses_3_db_a_pass():
    sections = butterworth("lowpass", 5000, 36, 2, True)
    assert gain_db(5000, sections) == pytest.approx(-6.02, abs=0.05)
    assert gain_db(5000, butterworth("highpass", 5000, 12, 1, False), False) == pytest.approx(-3.01, abs=0.05)


def test_notch_removes_its_frequency_and_spares_the_rest():
    sections = design.notch(6000, 30, RATE)
    assert gain_db(6000, sections) < -60
    assert gain_db(6100, sections, False) == pytest.approx(-3.01, abs=0.15)  # half of the bandwidth 6000/30 Hz away
    assert gain_db(5000, sections) == pytest.approx(0, abs=0.1)


def test_zero_phase_moves_nothing_and_causal_delays():
    click = np.zeros(RATE)
    click[RATE // 2] = 1
    sections = butterworth("lowpass", 2000, 36, 2, True)
    out = clips.apply(click, sections, RATE, True)
    assert np.argmax(out) == RATE // 2
    np.testing.assert_allclose(out, out[::-1][np.r_[-1, 0 : len(out) - 1]], atol=1e-12)
    assert np.argmax(clips.apply(click, sections, RATE, False)) > RATE // 2


def test_cutoff_above_nyquist_is_refused():
    for call in (
        lambda: butterworth("lowpass", 8000, 12, 1, False, 16000),
        lambda: design.notch(9000, 30, 16000),
        lambda: design.notch(0, 30, 16000),
        lambda: design.notch(50, 0, 16000),
    ):
        with pytest.raises(ConfigError, match="not between 0 and the Nyquist frequency"):
            call()


def test_no_filter_changes_nothing_and_a_short_clip_passes():
    clip = np.random.default_rng(0).standard_normal(50).astype(np.float32)
    assert clips.apply(clip, np.zeros((0, 6)), RATE, True) is clip
    assert len(clips.apply(clip, design.notch(50, 30, RATE), RATE, True)) == 50


def test_all_that_is_asked_for_stands_in_the_sections_and_nothing_else():
    asked = Filter.model_validate(
        {
            "low_pass": {"cutoff_hz": 5000, "slope_db_per_octave": 36, "passes": 2},
            "high_pass": {"cutoff_hz": 50, "slope_db_per_octave": 12, "passes": 2},
            "notches": [[6000, 30], [100, 30]],
        }
    )
    sections = design.sections(asked, RATE)
    assert sections.shape == (3 + 1 + 2, 6)  # orders 6 and 2, each run both ways, and two notches
    # Filters in series: their attenuations add up.
    alone = [
        butterworth("lowpass", 5000, 36, 2, True),
        butterworth("highpass", 50, 12, 2, True),
        design.notch(6000, 30, RATE),
        design.notch(100, 30, RATE),
    ]
    for frequency in (60, 300, 4000, 5500):
        expected = sum(gain_db(frequency, part) for part in alone)
        assert gain_db(frequency, sections) == pytest.approx(expected, abs=0.1)
    assert design.sections(Filter(high_pass=None), RATE).shape == (0, 6)
