"""What tells how noisy and how reverberant a clip is: from magnitudes (b, t, bins) three numbers (b, 3).

The numbers: the log odds that there is noise, the signal-to-noise ratio and C50, both in units of 10 dB.
"""

import torch
from torch import nn

from training import mel

UNIT_DB = 10.0


def levels(magnitude: torch.Tensor) -> torch.Tensor:
    """Log mel bands (b, t, BANDS), about 0 for a loud clip, each clip brought to one loudness."""
    bands = mel.magnitudes(magnitude)
    loudness = bands.mean(dim=(1, 2), keepdim=True).clamp_min(mel.FLOOR)
    return torch.log10((bands / loudness).clamp_min(mel.FLOOR))


class Logistic(nn.Module):
    """One linear layer on the mean, the spread, the least and the most of every band: the first row of every table."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(4 * mel.BANDS, 3)

    def forward(self, magnitude: torch.Tensor) -> torch.Tensor:
        heard = levels(magnitude)
        spread = heard.std(dim=1, correction=0)
        pooled = torch.cat([heard.mean(dim=1), spread, heard.amin(dim=1), heard.amax(dim=1)], dim=1)
        return self.out(pooled)


class Lstm(nn.Module):
    """A layer over time that halves the frames, an LSTM, and its mean and largest outputs."""

    def __init__(self, width: int = 96, dropout: float = 0.0):
        super().__init__()
        self.front = nn.Conv1d(mel.BANDS, width, 5, 2, 2)
        self.middle = nn.LSTM(width, width, batch_first=True)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(2 * width, 3)

    def forward(self, magnitude: torch.Tensor) -> torch.Tensor:
        at = torch.nn.functional.elu(self.front(levels(magnitude).transpose(1, 2)))
        heard, _ = self.middle(at.transpose(1, 2))
        return self.out(self.drop(torch.cat([heard.mean(dim=1), heard.amax(dim=1)], dim=1)))
