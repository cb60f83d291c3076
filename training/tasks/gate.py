"""gate: whether a clip is noisy, at which signal-to-noise ratio, and how reverberant it is (C50)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from training import roc, spectra
from training.drawing import CLEAN_C50_DB, CLEAN_SNR_DB, Example
from training.networks.gate import UNIT_DB, Logistic, Lstm
from training.settings import Training

NETWORKS = ("lstm", "logistic")
TARGET = "room"
JUDGED_BY = ("auc", "high")
AMOUNT_WEIGHT = 0.3  # of the errors in units of 10 dB, beside the yes or no


def network(name: str, settings: Training) -> torch.nn.Module:
    """An untrained network; `maps` counts sixths of its width."""
    if name == "logistic":
        return Logistic()
    return Lstm(6 * settings.maps, settings.dropout)


def truth(examples: Sequence[Example]) -> np.ndarray:
    """(n, 3) float32: 1 for noisy, SNR and C50 in units of 10 dB; NaN where there is no noise or no room."""
    rows = []
    for facts in (example.facts for example in examples):
        noisy, roomy = facts["snr_db"] < CLEAN_SNR_DB, facts["c50_db"] < CLEAN_C50_DB
        rows.append((noisy, facts["snr_db"] if noisy else np.nan, facts["c50_db"] if roomy else np.nan))
    return np.array(rows, np.float32) / np.array([1, UNIT_DB, UNIT_DB], np.float32)


def batch(examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """Magnitudes (b, t, bins) and what is true of them (b, 3)."""
    noisy = torch.from_numpy(np.stack([example.noisy for example in examples]))
    return spectra.analyse(noisy).abs(), torch.from_numpy(truth(examples))


def loss(network: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Cross entropy of the yes or no, and squared errors of the amounts where there is something to measure."""
    magnitude, wanted = batch
    answered = network(magnitude)
    total = torch.nn.functional.binary_cross_entropy_with_logits(answered[:, 0], wanted[:, 0])
    for column in (1, 2):
        known = ~wanted[:, column].isnan()
        if known.any():
            total = total + AMOUNT_WEIGHT * (answered[known, column] - wanted[known, column]).square().mean()
    return total


def answers(network: torch.nn.Module, examples: Sequence[Example]) -> np.ndarray:
    """What the network says of examples, one at a time: (n, 3)."""
    with torch.no_grad():
        return np.concatenate([network(batch([example])[0]).numpy() for example in examples])


def judge(network: torch.nn.Module, examples: Sequence[Example]) -> dict[str, float]:
    """Accuracy, area under the curve, mean absolute errors in dB."""
    return figures(answers(network, examples), truth(examples))


def figures(answered: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """The same of answers and truths (n, 3)."""
    noisy = wanted[:, 0] > 0.5
    errors = np.abs(answered - wanted)[:, 1:] * UNIT_DB
    return {
        "accuracy": float(np.mean((answered[:, 0] > 0) == noisy)),
        "auc": roc.area(answered[:, 0], noisy),
        "snr_error_db": float(np.nanmean(errors[:, 0])) if noisy.any() else float("nan"),
        "c50_error_db": float(np.nanmean(errors[:, 1])) if not np.isnan(errors[:, 1]).all() else float("nan"),
    }


def shown(network: torch.nn.Module, example: Example) -> dict[str, Any]:
    """The signal to listen to: a gate has nothing else to show."""
    return {"noisy": example.noisy}


def exported(network: torch.nn.Module) -> tuple[tuple, list[str], list[str], dict, dict[str, str]]:
    """What torch.onnx.export wants (inputs, names, outputs, dynamic axes), and the facts that an engine reads."""
    return (torch.rand(1, 50, spectra.BINS),), ["magnitude"], ["answer"], {"magnitude": {1: "frames"}}, {}
