"""U-Nets over spectrograms, plain and with residual blocks: magnitudes in, a mask out. Not causal.

Ronneberger et al. 2015, "U-Net"; He et al. 2016, "Deep residual learning". The same interface as networks.masker, with
CONTEXT frames on either side for its wide view; the state is carried along untouched.
"""

import torch
from torch import nn

from training.networks.masker import FLOOR

CONTEXT = 32  # frames that are seen before and after
DEPTH = 4
KEPT = 256  # bins; the last one shares its neighbour's mask


class Block(nn.Module):
    """Two convolutions; `residual` adds what came in."""

    def __init__(self, before: int, after: int, residual: bool, dropout: float):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ELU(),
            nn.Dropout2d(dropout),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.past = nn.Conv2d(before, after, 1) if residual else None

    def forward(self, at: torch.Tensor) -> torch.Tensor:
        return nn.functional.elu(self.body(at) if self.past is None else self.body(at) + self.past(at))


class UNet(nn.Module):
    """Magnitudes (b, CONTEXT + t + CONTEXT, bins) and state -> masks from 0 to 1 (b, t, bins) and the state."""

    LEFT = AHEAD = CONTEXT

    def __init__(self, maps: int = 16, residual: bool = False, dropout: float = 0.0):
        super().__init__()
        widths = [maps * 2**level for level in range(DEPTH + 1)]
        ins = [1, *widths[:-1]]
        pairs = zip(ins, widths, strict=True)
        self.down = nn.ModuleList(Block(before, after, residual, dropout) for before, after in pairs)
        self.widen = nn.ModuleList(nn.ConvTranspose2d(2 * width, width, 2, 2) for width in widths[:-1])
        self.up = nn.ModuleList(Block(2 * width, width, residual, dropout) for width in widths[:-1])
        self.out = nn.Conv2d(maps, 1, 1)

    def forward(self, magnitude: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        frames = magnitude.shape[1]
        spare = (-frames) % 2**DEPTH
        at = nn.functional.pad(magnitude[:, :, :KEPT], (0, 0, 0, spare))
        at = (torch.log10(at.clamp_min(FLOOR)) * 0.5).unsqueeze(1)
        seen = []
        for level, block in enumerate(self.down):
            at = block(nn.functional.max_pool2d(at, 2) if level else at)
            seen.append(at)
        for level in reversed(range(DEPTH)):
            at = self.up[level](torch.cat([self.widen[level](at), seen[level]], dim=1))
        mask = torch.sigmoid(self.out(at)).squeeze(1)[:, CONTEXT : frames - CONTEXT]
        return torch.cat([mask, mask[:, :, -1:]], dim=2), state + 0

    def initial(self, batch: int) -> torch.Tensor:
        """The state before the first frame: there is none to speak of."""
        return torch.zeros(1, batch, 1)
