"""Run in the environment `laboratory` by training/tone/lstm.py: trains the LSTM of the benchmark with torch.

    python -m training.tone.recurrent FOLDER --hidden 32 --epochs 40 --seed 0

reads FOLDER/clips.npz (`frames` (n, t, d), zeros beyond a clip's end, `labels` (n,)), writes FOLDER/network.onnx.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from training.tone.lstm import CLIPS, NETWORK

OPSET = 17
BATCH = 32
DROPOUT = 0.3
LEARNING_RATE = 0.003


class Network(torch.nn.Module):
    """One LSTM layer, its mean over a clip's frames, a linear layer; frames are scaled as the training's were."""

    def __init__(self, mean: torch.Tensor, spread: torch.Tensor, hidden: int, tones: int):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)
        self.layer = torch.nn.LSTM(len(mean), hidden, batch_first=True)
        self.dropout = torch.nn.Dropout(DROPOUT)
        self.out = torch.nn.Linear(hidden, tones)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Scores (n, tones) of frames (n, t, d)."""
        there = (frames.abs().sum(-1, keepdim=True) > 0).to(frames.dtype)
        heard, _ = self.layer((frames - self.mean) / self.spread * there)
        middle = (heard * there).sum(1) / there.sum(1).clamp(min=1)
        return self.out(self.dropout(middle))


class Telling(torch.nn.Module):
    """The network with probabilities in place of scores."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.network(frames).softmax(-1)


def train(frames: torch.Tensor, labels: torch.Tensor, hidden: int, epochs: int, seed: int) -> Network:
    """A network trained on clips (n, t, d) with labels (n,), tones weighed alike however many clips they have."""
    torch.manual_seed(seed)
    heard = frames[frames.abs().sum(-1) > 0]
    counts = torch.bincount(labels).float()
    network = Network(heard.mean(0), heard.std(0).clamp(min=1e-3), hidden, len(counts))
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    loss = torch.nn.CrossEntropyLoss(weight=counts.sum() / (len(counts) * counts))
    for _ in range(epochs):
        for batch in torch.randperm(len(labels)).split(BATCH):
            optimizer.zero_grad()
            loss(network(frames[batch]), labels[batch]).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser("python -m training.tone.recurrent", description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    for name in ("hidden", "epochs", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    with np.load(args.folder / CLIPS, allow_pickle=False) as clips:
        frames, labels = (torch.from_numpy(clips[name]) for name in ("frames", "labels"))
    network = Telling(train(frames, labels, args.hidden, args.epochs, args.seed)).eval()
    torch.onnx.export(
        network,
        (frames[:2],),
        str(args.folder / NETWORK),
        input_names=["frames"],
        output_names=["probabilities"],
        dynamic_axes={"frames": {0: "clips"}, "probabilities": {0: "clips"}},
        opset_version=OPSET,
        dynamo=False,
    )


if __name__ == "__main__":
    main()
