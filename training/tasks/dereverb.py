"""dereverb: a mask that leaves the direct sound of a room. The best weights are those that DNSMOS rates best.

DNSMOS needs no clean speech and judges instead of a reference, as in MetricGAN-U (Fu et al. 2022); here it chooses
among the epochs, and the mask itself is learned from simulated rooms.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch

from training.drawing import Example
from training.tasks import denoise
from training.tasks.denoise import NETWORKS, batch, exported, loss, network, shown

__all__ = ["NETWORKS", "batch", "exported", "judge", "loss", "network", "shown"]

TARGET = "direct"
JUDGED_BY = ("dnsmos", "high")


@cache
def _rater():
    from engines.dnsmos.onnx import Rater

    return Rater(1, "cpu")


def judge(network: torch.nn.Module, examples: Sequence[Example]) -> dict[str, float]:
    """As denoise, and DNSMOS overall before and after."""
    before, after = ([e.noisy for e in examples], [denoise.cleaned(network, e.noisy) for e in examples])
    rated = {name: float(np.mean(_rater().rate(list(c))[:, 2])) for name, c in (("before", before), ("after", after))}
    return denoise.judge(network, examples) | {"dnsmos": rated["after"], "dnsmos_before": rated["before"]}
