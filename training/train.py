"""Train a network: python -m training.train TASK [--flags].

The same command goes on where it was interrupted. A run's folder holds settings.json, card.json, checkpoint.pt,
best.pt (the weights that did best on the validation), log.jsonl and, unless --track none, curves, pictures and sound.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch

from pipeline import entry, flags
from pipeline.errors import ConfigError
from training import drawing, loop, materials, tasks, track
from training.settings import Training

VALIDATION = 1_000_000  # the seed of validation examples is that much larger: no example is in both
MACHINE = {"threads", "device", "out", "track", "save_every"}  # cannot change the weights, or hardly


def folder(task: str, network: str, settings: Training) -> Path:
    """The folder of a run."""
    return Path(settings.out) / (settings.name or f"{task}-{network}")


def device(settings: Training) -> torch.device:
    """Where the network runs. Raises ConfigError where a GPU is asked for and there is none."""
    there = torch.cuda.is_available()
    if settings.device == "cuda" and not there:
        raise ConfigError("device cuda was asked for, but torch finds no GPU: use auto or cpu.")
    return torch.device("cuda" if there and settings.device != "cpu" else "cpu")


def begin(task_name: str, settings: Training) -> loop.Loop:
    """A loop with its network, examples and folder. Raises ConfigError where the folder has another run."""
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.manual_seed(settings.seed)
    task = tasks.load(task_name)
    name, network = tasks.network(task_name, settings.network, settings)
    network = network.to(device(settings))
    if settings.initial:
        _initialize(network, Path(settings.initial))
    run = folder(task_name, name, settings)
    _claim(run, settings.model_dump(mode="json", exclude=MACHINE | {"name"}) | {"task": task_name, "network": name})
    parts, card = materials.prepare(settings)
    recipe = materials.recipe(settings, task.TARGET)
    (run / "card.json").write_text(json.dumps(card, indent=1), encoding="utf-8")

    def draw(first: int, count: int) -> list[drawing.Example]:
        return [drawing.draw(parts["train"], recipe, settings.seed, number) for number in range(first, first + count)]

    held = [
        drawing.draw(parts["val"], recipe, settings.seed + VALIDATION, number)
        for number in range(settings.validation_examples)
    ]
    return loop.Loop(task, network, settings, run, draw, held)


def _initialize(network: torch.nn.Module, weights: Path) -> None:
    try:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except FileNotFoundError:
        raise ConfigError(f"initial: {weights} does not exist: name the best.pt of another run.") from None
    except (RuntimeError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"initial: {weights} does not fit this network ({reason}): use the same settings.") from None


def _claim(run: Path, wanted: dict[str, Any]) -> None:
    run.mkdir(parents=True, exist_ok=True)
    path = run / "settings.json"
    if path.is_file() and (before := json.loads(path.read_text(encoding="utf-8"))) != wanted:
        changed = sorted(key for key in wanted if before.get(key) != wanted[key])
        raise ConfigError(f"{run} holds a run with another {', '.join(changed)}: give this one a --name of its own.")
    path.write_text(json.dumps(wanted, indent=1), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser("python -m training.train", description=__doc__.split("\n\n")[0])
    parser.add_argument("task", help=", ".join(tasks.names()))
    flags.add(parser, Training)
    args = parser.parse_args()
    settings = flags.read(args, Training)
    run = begin(args.task, settings)
    resumed = run.resume()
    print(f"{run.run}: {'going on at' if resumed else 'beginning at'} step {run.step}", file=sys.stderr)
    with track.opened(settings, run) as tracked:

        def told(figures: dict) -> None:
            print(json.dumps(figures), flush=True)
            tracked.epoch(figures)

        run.go(told)
        tracked.end()


if __name__ == "__main__":
    entry.run(main)
