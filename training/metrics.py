"""How near a signal is to the clean one. Signals are (n,) float; what cannot be measured is NaN."""

import warnings

import numpy as np


def si_sdr(clean: np.ndarray, estimate: np.ndarray) -> float:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019, "SDR: half-baked or well done?")."""
    clean, estimate = (np.asarray(signal, np.float64) - np.mean(signal) for signal in (clean, estimate))
    power = np.dot(clean, clean)
    if not power:
        return float("nan")
    scaled = clean * (np.dot(clean, estimate) / power)
    rest = estimate - scaled
    return float(10 * np.log10((np.dot(scaled, scaled) + 1e-12) / (np.dot(rest, rest) + 1e-12)))


def pesq(clean: np.ndarray, estimate: np.ndarray, rate: int) -> float:
    """Wide-band PESQ, 1 to 4.64 (ITU-T P.862.2); NaN where it finds no utterance."""
    from pesq import PesqError
    from pesq import pesq as measure

    try:
        return float(measure(rate, clean, estimate, "wb", on_error=PesqError.RAISE_EXCEPTION))
    except PesqError:
        return float("nan")


def estoi(clean: np.ndarray, estimate: np.ndarray, rate: int) -> float:
    """Extended short-time objective intelligibility, about 0 to 1 (Jensen and Taal 2016); NaN under 0.4 s of speech."""
    from pystoi import stoi

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return float(stoi(clean, estimate, rate, extended=True))
        except (RuntimeWarning, ValueError):
            return float("nan")


def mask_iou(noise: np.ndarray, estimate: np.ndarray, below_db: float = 20.0) -> float:
    """Intersection over union of where two magnitudes (t, bins) of noise lie less than `below_db` under the peak.

    Both are masks against the peak of the first; NaN where neither has such a place.
    """
    limit = np.max(np.abs(noise)) / 10 ** (below_db / 20)
    truth, found = np.abs(noise) > limit, np.abs(estimate) > limit
    union = np.sum(truth | found)
    return float(np.sum(truth & found) / union) if union else float("nan")
