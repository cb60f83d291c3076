"""denoise_mel: 80 mel bands in, the same without noise out. Griffin-Lim makes it audible."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from training import mel, spectra
from training.drawing import Example
from training.networks.mel_lstm import Line, MelLstm
from training.settings import Training

NETWORKS = ("lstm", "linear")
TARGET = "room"
JUDGED_BY = ("mse", "low")


def network(name: str, settings: Training) -> torch.nn.Module:
    """An untrained network; `maps` counts twelfths of its width."""
    if name == "linear":
        return Line()
    return MelLstm(12 * settings.maps, settings.dropout)


def batch(examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy and clean bands (b, t, 80) from 0 to 1: RANGE_DB below the noisy example's loudest band to that band."""
    bands = []
    for name in ("noisy", "clean"):
        signals = torch.from_numpy(np.stack([getattr(example, name) for example in examples]))
        bands.append(mel.magnitudes(spectra.analyse(signals).abs()))
    top = bands[0].amax(dim=(1, 2), keepdim=True)
    noisy, clean = (mel.scaled(part, top) for part in bands)
    return noisy, clean


def loss(network: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Mean squared error of bands from 0 to 1."""
    noisy, clean = batch
    return torch.nn.functional.mse_loss(network(noisy), clean)


def judge(network: torch.nn.Module, examples: Sequence[Example]) -> dict[str, float]:
    """The error, and that of leaving everything as it is."""
    with torch.no_grad():
        noisy, clean = batch(examples)
        after = float(torch.nn.functional.mse_loss(network(noisy), clean))
        return {"mse": after, "mse_noisy": float(torch.nn.functional.mse_loss(noisy, clean))}


def shown(network: torch.nn.Module, example: Example) -> dict[str, Any]:
    """Sounds by Griffin-Lim, so that the prediction is heard as the truth is."""
    top = mel.magnitudes(spectra.analyse(torch.from_numpy(example.noisy)[None]).abs()).amax()
    with torch.no_grad():
        noisy, clean = batch([example])
        bands = {"noisy": noisy, "truth": clean, "prediction": network(noisy)}
    samples = len(example.noisy)
    return {name: mel.to_sound(mel.unscaled(part[0], top).numpy(), samples) for name, part in bands.items()}


def exported(network: torch.nn.Module) -> tuple[tuple, list[str], list[str], dict, dict[str, str]]:
    """What torch.onnx.export wants (inputs, names, outputs, dynamic axes), and the facts that an engine reads."""
    dynamic = {"noisy": {1: "frames"}, "clean": {1: "frames"}}
    return (torch.rand(1, 50, mel.BANDS),), ["noisy"], ["clean"], dynamic, {}
