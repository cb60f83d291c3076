"""Where the course of a run is kept: TensorBoard files in the run's folder, or Weights & Biases if it is installed.

TensorBoard: `tensorboard --logdir runs`. Curves of every epoch; at the end pictures and sound of some examples, noisy |
truth | prediction.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pipeline.errors import ConfigError
from training import pictures
from training.loop import Loop
from training.settings import Training
from training.sounds import RATE

SHOWN = 4  # validation examples that are drawn and sounded


class Tracked(Protocol):
    """Takes the figures of every epoch, and is told when training has ended."""

    def epoch(self, figures: dict) -> None: ...
    def end(self) -> None: ...


class Nowhere:
    """Keeps nothing: log.jsonl has the figures in any case."""

    def epoch(self, figures: dict) -> None: ...
    def end(self) -> None: ...


class TensorBoard:
    """Event files in the run's folder; a resumed run goes on in its curves."""

    def __init__(self, loop: Loop):
        from torch.utils.tensorboard import SummaryWriter

        self.loop = loop
        self.writer = SummaryWriter(str(loop.run / "tensorboard"), purge_step=loop.step + 1)

    def epoch(self, figures: dict) -> None:
        for name, value in figures.items():
            if name != "epoch":
                self.writer.add_scalar(name, value, self.loop.step)
        self.writer.flush()

    def end(self) -> None:
        self.loop.network.eval()
        for number, example in enumerate(self.loop.held[:SHOWN]):
            signals = self.loop.task.shown(self.loop.network, example)
            self.writer.add_figure(f"example {number}", pictures.beside(signals), self.loop.step)
            for name, signal in signals.items():
                if signal.ndim == 1:
                    self.writer.add_audio(f"example {number}/{name}", signal[None].clip(-1, 1), self.loop.step, RATE)
        self.writer.close()


class WeightsAndBiases:
    """A run of the wandb client, as its own settings say (offline with WANDB_MODE=offline)."""

    def __init__(self, loop: Loop):
        if importlib.util.find_spec("wandb") is None:
            raise ConfigError("track wandb was asked for, but its client is not installed: use tensorboard.")
        import wandb

        self.run = wandb.init(project="voxsieve", name=loop.run.name, config=loop.settings.model_dump(mode="json"))

    def epoch(self, figures: dict) -> None:
        self.run.log(figures)

    def end(self) -> None:
        self.run.finish()


@contextmanager
def opened(settings: Training, loop: Loop) -> Iterator[Tracked]:
    """The tracker that the settings ask for."""
    kinds = {"tensorboard": TensorBoard, "wandb": WeightsAndBiases}
    yield kinds[settings.track](loop) if settings.track in kinds else Nowhere()
