"""The training loop of every task: step n is the same whether or not the program was interrupted before it.

Examples, dropout and learning rate of a step follow from the seed and the step's number, so a checkpoint holds weights,
the optimizer's state and how far it got; the same command goes on from it to the same weights (on one kind of CPU, with
the same number of threads).
"""

import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from training.drawing import Example
from training.settings import Training
from training.tasks import Task

LEAST = 0.01  # share of the learning rate that is left at the end
CLIP = 1.0  # largest norm of a gradient
CHECKPOINT, BEST, LOG = "checkpoint.pt", "best.pt", "log.jsonl"
Draw = Callable[[int, int], Sequence[Example]]  # (first number, count) -> examples


def learning_rate(settings: Training, step: int) -> float:
    """Of a step, along half a cosine over all epochs."""
    done = min(1.0, step / (settings.epochs * settings.steps))
    return settings.learning_rate * (LEAST + (1 - LEAST) * (1 + math.cos(math.pi * done)) / 2)


def save(state: Any, path: Path) -> None:
    """Write beside the final place and rename: a killed program leaves the file before whole."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    torch.save(state, partial)
    os.replace(partial, path)


class Loop:
    """A run of `task` in the folder `run`; `draw` gives training examples, `held` are those that it is judged on."""

    def __init__(self, task: Task, network: Any, settings: Training, run: Path, draw: Draw, held: Sequence[Example]):
        self.task, self.network, self.settings, self.run = task, network, settings, run
        self.draw, self.held = draw, held
        self.optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate)
        self.step, self.best, self.waited, self.running, self.log = 0, None, 0, [], []
        self.device = next(network.parameters()).device

    def resume(self) -> bool:
        """Go on from the run's checkpoint, where there is one."""
        path = self.run / CHECKPOINT
        if not path.is_file():
            return False
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.best, self.waited = state["step"], state["best"], state["waited"]
        self.running, self.log = state["running"], state["log"]
        return True

    def checkpoint(self) -> None:
        """Write what `resume` reads, and the log."""
        names = ("step", "best", "waited", "running", "log")
        state = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}
        save(state | {name: getattr(self, name) for name in names}, self.run / CHECKPOINT)
        lines = "".join(json.dumps(row) + "\n" for row in self.log)
        partial = self.run / f"{LOG}.partial"
        partial.write_text(lines, encoding="utf-8")
        os.replace(partial, self.run / LOG)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or `patience` of them brought nothing better."""
        return self.step >= self.settings.epochs * self.settings.steps or self.waited >= self.settings.patience

    def go(self, told: Callable[[dict], None]) -> None:
        """Train until finished; `told` gets the figures of every epoch."""
        while not self.finished:
            self._one_step()
            if self.step % self.settings.steps == 0:
                told(self._end_epoch())
            if self.step % self.settings.save_every == 0 or self.step % self.settings.steps == 0:
                self.checkpoint()

    def _one_step(self) -> None:
        settings = self.settings
        torch.manual_seed(settings.seed * 1_000_003 + self.step)  # of dropout
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(settings, self.step)
        self.network.train()
        batch = self.task.batch(self.draw(self.step * settings.batch, settings.batch))
        loss = self.task.loss(self.network, [part.to(self.device) for part in batch])
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step()
        self.running.append(float(loss.detach()))
        self.step += 1

    def _end_epoch(self) -> dict:
        self.network.eval()
        figures = self.task.judge(self.network, self.held)
        epoch = {"epoch": self.step // self.settings.steps, "train_loss": sum(self.running) / len(self.running)}
        self.running = []
        judged_by, better = self.task.JUDGED_BY
        value = figures[judged_by] if better == "high" else -figures[judged_by]
        value = -math.inf if math.isnan(value) else value  # could not be measured on these examples
        if self.best is None or value > self.best:
            self.best, self.waited = value, 0
            save(self.network.state_dict(), self.run / BEST)
        else:
            self.waited += 1
        self.log.append(epoch | figures)
        return epoch | figures
