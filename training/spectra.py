"""The Fourier transform that the denoisers see, in torch; engines/enhancers/stft.py is the same in NumPy."""

import torch

from engines.enhancers.stft import BINS, FRAME, HOP, window

__all__ = ["BINS", "analyse", "compressed", "synthesise"]


def analyse(signal: torch.Tensor) -> torch.Tensor:
    """Signals (b, n) to spectra (b, frames, BINS), complex; frame t is centred on sample HOP t."""
    shape = torch.from_numpy(window()).to(signal.device)
    whole = torch.nn.functional.pad(signal, (0, -signal.shape[1] % HOP))
    spectrum = torch.stft(whole, FRAME, HOP, window=shape, center=True, pad_mode="constant", return_complex=True)
    return spectrum.transpose(1, 2)


def synthesise(spectrum: torch.Tensor, samples: int) -> torch.Tensor:
    """Spectra (b, frames, BINS) to signals (b, samples)."""
    shape = torch.from_numpy(window()).to(spectrum.device)
    return torch.istft(spectrum.transpose(1, 2), FRAME, HOP, window=shape, length=samples)


def compressed(spectrum: torch.Tensor, power: float = 0.3) -> tuple[torch.Tensor, torch.Tensor]:
    """(magnitude to `power`, the complex spectrum with that magnitude), of a complex spectrum."""
    magnitude = spectrum.abs().clamp_min(1e-7)
    small = magnitude**power
    return small, spectrum * (small / magnitude)
