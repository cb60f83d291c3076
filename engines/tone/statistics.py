"""What is said of a row of numbers over time: middle, spread, extremes, slope, movement. Pure functions."""

import numpy as np

from engines.tone.frames import FRAMES_A_SECOND

PERCENTILES = (5, 25, 50, 75, 95)
FEWEST = 3
MODULATIONS = ((0.5, 2), (2, 4), (4, 8), (8, 16), (16, 32))  # Hz; syllables come at 3 to 8 a second
MODULATION_FFT = 1024
ENVELOPE_DB = 40.0  # what lies farther below the loudest frame is silence


def statistics(name: str, values: np.ndarray) -> dict[str, float]:
    """Mean, spread, percentiles, ranges, slope over the clip and mean step of values (n,); NaN where n is too small."""
    keys = ["mean", "spread", *(f"p{point}" for point in PERCENTILES), "middle_half", "range", "slope", "step"]
    if len(values) < FEWEST:
        return {f"{name}.{key}": np.nan for key in keys}
    points = np.percentile(values, PERCENTILES)
    figures = [values.mean(), values.std(), *points, points[3] - points[1], points[4] - points[0]]
    figures += [slope(values), np.abs(np.diff(values)).mean()]
    return {f"{name}.{key}": float(figure) for key, figure in zip(keys, figures, strict=True)}


def slope(values: np.ndarray) -> float:
    """The rise of the straight line through values (n,) from the first to the last."""
    time = np.linspace(-0.5, 0.5, len(values))
    return float(time @ values / (time @ time))


def runs(mask: np.ndarray) -> np.ndarray:
    """The lengths of the stretches of true values in a mask (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return edges[1::2] - edges[::2]


def modulations(name: str, envelope_db: np.ndarray) -> dict[str, float]:
    """How the movement of a level (frames,) divides among speeds: natural logarithms of shares of its power."""
    level = np.maximum(envelope_db, envelope_db.max() - ENVELOPE_DB)
    spectrum = np.abs(np.fft.rfft((level - level.mean()) * np.hanning(len(level)), MODULATION_FFT)) ** 2
    hertz = np.arange(len(spectrum)) * FRAMES_A_SECOND / MODULATION_FFT
    power = [spectrum[(hertz >= low) & (hertz < high)].sum() for low, high in MODULATIONS]
    total = sum(power) + 1e-9
    return {
        f"{name}.{low:g}hz": float(np.log(share / total + 1e-6))
        for (low, _), share in zip(MODULATIONS, power, strict=True)
    }
