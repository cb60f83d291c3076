"""Mel bands in torch, on the spectra of training.spectra."""

from functools import cache

import numpy as np
import torch

from engines.enhancers.stft import BINS
from training.sounds import RATE

BANDS = 80
FLOOR = 1e-5  # of mel magnitudes
RANGE_DB = 80.0  # below the loudest band that `scaled` tells apart


@cache
def filters(bands: int = BANDS) -> np.ndarray:
    """Triangles of unit height, evenly spaced on O'Shaughnessy's mel scale from 0 to Nyquist, (BINS, bands) float32."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    hertz = np.linspace(0, RATE / 2, BINS)[:, None]
    weights = np.minimum((hertz - left) / (centre - left), (right - hertz) / (right - centre)).clip(0)
    narrow = ~weights.any(axis=0)  # below the distance of two bins a triangle may fall between them
    weights[np.argmin(np.abs(hertz - centre[narrow]), axis=0), np.flatnonzero(narrow)] = 1
    return weights.astype(np.float32)


def magnitudes(spectrum_magnitude: torch.Tensor) -> torch.Tensor:
    """Magnitudes (..., BINS) gathered in bands (..., BANDS)."""
    return spectrum_magnitude @ torch.from_numpy(filters()).to(spectrum_magnitude.device)


def scaled(mel: torch.Tensor, top: torch.Tensor) -> torch.Tensor:
    """Mel magnitudes in dB as 0 (RANGE_DB below `top`, which broadcasts) to 1 (at it and above)."""
    level = 20 * torch.log10(mel.clamp_min(FLOOR) / top.clamp_min(FLOOR))
    return (1 + level / RANGE_DB).clamp(0, 1)


def unscaled(values: torch.Tensor, top: torch.Tensor) -> torch.Tensor:
    """Mel magnitudes again; what lay below the range comes back at its edge."""
    return top * 10 ** ((values - 1) * RANGE_DB / 20)


def to_sound(mel: np.ndarray, samples: int, rounds: int = 32) -> np.ndarray:
    """A signal (samples,) of about these mel magnitudes (t, BANDS), its phase found by Griffin and Lim's rounds."""
    from engines.enhancers import stft

    weights = filters()
    magnitude = np.maximum(0, mel @ np.linalg.pinv(weights))
    phase = np.exp(2j * np.pi * np.random.default_rng(0).random(magnitude.shape))
    for _ in range(rounds):
        heard = stft.analyse(stft.synthesise((magnitude * phase).astype(np.complex64), samples))
        phase = heard / np.maximum(np.abs(heard), 1e-8)
    return stft.synthesise((magnitude * phase).astype(np.complex64), samples)
