"""A small causal-enough denoiser: convolutions over time and frequency, a recurrent middle, a mask for every bin.

A convolutional recurrent network (after Tan and Wang 2018, "A convolutional recurrent neural network for real-time
speech enhancement") made small for one CPU core: three convolutions that halve the bands, two GRU layers, the mirror
image with added skips. It looks two frames (32 ms) ahead. Convolutions over time take only whole neighbourhoods, so
that a signal can go through in pieces: the recurrent state and LEFT + AHEAD frames are carried over.
"""

import torch
from torch import nn

from engines.enhancers.stft import BINS

LEFT, AHEAD = 4, 2  # frames that an output frame sees before and after itself
CHANNELS = (16, 24, 32)
ALIGNED = (3, 2, 0)  # the first frame after each convolution whose neighbourhood lies around an output frame
FLOOR = 1e-4  # magnitudes below are silence: 16-bit rounding alone gives about as much


class Masker(nn.Module):
    """Magnitudes (b, LEFT + t + AHEAD, bins) and state (2, b, width) -> masks from 0 to 1 (b, t, bins) and state."""

    LEFT, AHEAD = LEFT, AHEAD

    def __init__(self, bins: int = BINS, width: int = 192, dropout: float = 0.0, channels: tuple[int, ...] = CHANNELS):
        super().__init__()
        self.width = width
        bands = [bins]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for before, after in zip((1, *channels), channels, strict=False):
            conv = nn.Conv2d(before, after, (3, 3), (1, 2), (0, 1), bias=False)
            self.down.append(nn.Sequential(conv, nn.BatchNorm2d(after), nn.ELU()))
            widened = nn.ConvTranspose2d(after, before, (1, 3), (1, 2), (0, 1), bias=before == 1)
            ends = [] if before == 1 else [nn.BatchNorm2d(before), nn.ELU()]
            self.up.append(nn.Sequential(widened, *ends))
            bands.append((bands[-1] + 1) // 2)
        self.shape = (channels[-1], bands[-1])
        self.narrow = nn.Sequential(nn.Linear(channels[-1] * bands[-1], width), nn.ELU())
        self.middle = nn.GRU(width, width, 2, batch_first=True, dropout=dropout)
        self.widen = nn.Sequential(nn.Linear(width, channels[-1] * bands[-1]), nn.ELU())

    def forward(self, magnitude: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        frames = magnitude.shape[1] - LEFT - AHEAD
        at = (torch.log10(magnitude.clamp_min(FLOOR)) * 0.5).unsqueeze(1)
        seen = []
        for layer in self.down:
            at = layer(at)
            seen.append(at)
        heard, state = self.middle(self.narrow(at.transpose(1, 2).flatten(2)), state)
        at = self.widen(heard).unflatten(2, self.shape).transpose(1, 2)
        for number in reversed(range(len(self.up))):
            beside = seen[number][:, :, ALIGNED[number] : ALIGNED[number] + frames]
            at = self.up[number](at + beside)
        return torch.sigmoid(at.squeeze(1)), state

    def initial(self, batch: int) -> torch.Tensor:
        """The state before the first frame."""
        return torch.zeros(2, batch, self.width)
