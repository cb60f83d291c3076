"""denoise: a mask over a spectrum that takes the noise away and leaves the voice, at 16 kHz."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from engines.enhancers import stft
from training import losses, metrics, spectra
from training.drawing import Example
from training.networks.masker import Masker
from training.networks.unet import UNet
from training.settings import Training
from training.sounds import RATE

NETWORKS = ("masker", "unet", "resunet")
TARGET = "room"
JUDGED_BY = ("pesq", "high")


def network(name: str, settings: Training) -> torch.nn.Module:
    """An untrained network."""
    maps = settings.maps
    if name != "masker":
        return UNet(maps, name == "resunet", settings.dropout)
    return Masker(dropout=settings.dropout, channels=(maps, maps * 3 // 2, maps * 2))


def batch(examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """The spectra (b, frames, bins) of noisy and clean signals."""
    stacked = (np.stack([getattr(example, name) for example in examples]) for name in ("noisy", "clean"))
    noisy, clean = (spectra.analyse(torch.from_numpy(signals)) for signals in stacked)
    return noisy, clean


def loss(network: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Of a batch as `batch` makes it."""
    noisy, clean = batch
    return losses.spectral(masked(network, noisy), clean)


def masked(network: torch.nn.Module, noisy: torch.Tensor) -> torch.Tensor:
    """Spectra (b, frames, bins) without their noise."""
    around = torch.nn.functional.pad(noisy.abs(), (0, 0, network.LEFT, network.AHEAD))
    mask, _ = network(around, network.initial(len(noisy)).to(noisy.device))
    return mask * noisy


def cleaned(network: torch.nn.Module, noisy: np.ndarray) -> np.ndarray:
    """A signal (n,) without its noise, in evaluation mode."""
    with torch.no_grad():
        spectrum = spectra.analyse(torch.from_numpy(noisy)[None])
        return spectra.synthesise(masked(network, spectrum), len(noisy))[0].numpy()


def judge(network: torch.nn.Module, examples: Sequence[Example]) -> dict[str, float]:
    """Means over the noisy examples of PESQ, SI-SDR and IoU of the noise; the loss; the least SI-SDR of clean ones."""
    pairs = [(example, cleaned(network, example.noisy)) for example in examples]
    heard = [(e, out) for e, out in pairs if e.facts["noise"] != "none"]
    untouched = [metrics.si_sdr(e.noisy, out) for e, out in pairs if e.facts["noise"] == "none"]
    with torch.no_grad():
        total = np.mean([float(loss(network, batch([example]))) for example in examples])
    figures = {
        "loss": float(total),
        "pesq": float(np.nanmean([metrics.pesq(e.clean, out, RATE) for e, out in heard])),
        "si_sdr": float(np.mean([metrics.si_sdr(e.clean, out) for e, out in heard])),
    }
    ious = [metrics.mask_iou(*(stft.analyse(e.noisy - other) for other in (e.clean, out))) for e, out in heard]
    figures["iou"] = float(np.nanmean(ious))
    return figures | ({"clean_si_sdr": float(np.min(untouched))} if untouched else {})


def shown(network: torch.nn.Module, example: Example) -> dict[str, Any]:
    """Signals to listen to and to look at, by name."""
    return {"noisy": example.noisy, "truth": example.clean, "prediction": cleaned(network, example.noisy)}


def exported(network: torch.nn.Module) -> tuple[tuple, list[str], list[str], dict, dict[str, str]]:
    """What torch.onnx.export wants (inputs, names, outputs, dynamic axes), and the facts that an engine reads."""
    inputs = torch.rand(1, network.LEFT + 8 + network.AHEAD, spectra.BINS), network.initial(1)
    dynamic = {"magnitude": {1: "frames"}, "mask": {1: "answered"}}
    return (
        inputs,
        ["magnitude", "state"],
        ["mask", "state_out"],
        dynamic,
        {
            "left": str(network.LEFT),
            "ahead": str(network.AHEAD),
        },
    )
