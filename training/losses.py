"""What the networks are trained to make small."""

import torch

from training import spectra

POWER = 0.3  # of magnitudes: near how loudness grows with pressure
COMPLEX_SHARE = 0.3
OVERSUPPRESSED = 2.0  # how much worse too little is than too much


def spectral(estimate: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
    """The distance of complex spectra (b, t, bins), each example brought to one level.

    Compressed magnitude and compressed complex spectrum (Braun and Tashev 2021, "A consolidated view of loss functions
    for supervised deep learning-based speech enhancement"); speech taken away weighs OVERSUPPRESSED as much as noise
    left in.
    """
    level = clean.abs().square().mean(dim=(1, 2), keepdim=True).clamp_min(1e-8).sqrt()
    small_estimate, whole_estimate = spectra.compressed(estimate / level, POWER)
    small_clean, whole_clean = spectra.compressed(clean / level, POWER)
    missing = small_clean - small_estimate
    weight = torch.where(missing > 0, OVERSUPPRESSED, 1.0)
    magnitude = (weight * missing.square()).mean()
    return (1 - COMPLEX_SHARE) * magnitude + COMPLEX_SHARE * (whole_clean - whole_estimate).abs().square().mean()
