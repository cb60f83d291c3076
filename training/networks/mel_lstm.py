"""Clean mel bands from noisy ones, one LSTM: (b, t, bands) of mel.scaled in and out."""

import torch
from torch import nn

from training import mel


class MelLstm(nn.Module):
    """Two LSTM layers and a line that says how much to take from each band."""

    def __init__(self, width: int = 192, dropout: float = 0.0):
        super().__init__()
        self.middle = nn.LSTM(mel.BANDS, width, 2, batch_first=True, dropout=dropout)
        self.out = nn.Linear(width, mel.BANDS)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        heard, _ = self.middle(noisy)
        return noisy * torch.sigmoid(self.out(heard))


class Line(nn.Module):
    """The same from one frame by one linear layer: the first row of the table."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(mel.BANDS, mel.BANDS)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        return noisy * torch.sigmoid(self.out(noisy))
