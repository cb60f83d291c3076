"""From a run to what a stage reads: python -m training.export RUN OUT.onnx.

Writes the network as ONNX with its facts in the metadata, OUT.json (the card: task, data, licences, figures) and
OUT.sha256. The card tells whether the licences of its data let it be given away.
"""

import argparse
import hashlib
import json
import math
import os
from pathlib import Path
from typing import Any

import torch

from pipeline import entry
from pipeline.errors import ConfigError
from training import loop, tasks
from training.settings import Training
from training.sounds import RATE, STATED

LARGEST = 8_000_000  # bytes of all models that the project ships
OPSET = 17


def load(run: Path) -> tuple[Any, torch.nn.Module, dict]:
    """(task, its network with the best weights, the run's settings). Raises ConfigError where there is no such run."""
    try:
        settings = json.loads((run / "settings.json").read_text(encoding="utf-8"))
        weights = torch.load(run / loop.BEST, map_location="cpu", weights_only=True)
    except (OSError, ValueError) as error:
        reason = str(error)
        raise ConfigError(f"{run} is no run that has finished an epoch ({reason}): name a folder of --out.") from None
    task = tasks.load(settings["task"])
    fields = {name: value for name, value in settings.items() if name in Training.model_fields}
    _, network = tasks.network(settings["task"], settings["network"], Training(**fields))
    network.load_state_dict(weights)
    return task, network.eval(), settings


def write(run: Path, out: Path) -> dict:
    """Export a run; return the card."""
    task, network, settings = load(run)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.partial")
    inputs, names, outputs, dynamic, facts = task.exported(network)
    torch.onnx.export(
        network,
        inputs,
        str(partial),
        input_names=names,
        output_names=outputs,
        dynamic_axes=dynamic,
        opset_version=OPSET,
        dynamo=False,
    )
    _describe(partial, {"task": settings["task"], "sample_rate": str(RATE)} | facts)
    data = partial.read_bytes()
    if len(data) > LARGEST:
        raise ConfigError(f"{run} makes a model of {len(data) / 1e6:.1f} MB, at most {LARGEST / 1e6:g} may be shipped.")
    os.replace(partial, out)
    digest = hashlib.sha256(data).hexdigest()
    card = _card(run, settings, len(data), digest)
    out.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    out.with_suffix(".sha256").write_text(f"{digest}  {out.name}\n", encoding="ascii")
    return card


def _describe(path: Path, facts: dict[str, str]) -> None:
    """Put facts into a model's metadata, and nothing about this machine."""
    import onnx

    model = onnx.load(path)
    for node in model.graph.node:
        node.doc_string = ""
    onnx.helper.set_model_props(model, facts)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _card(run: Path, settings: dict, size: int, digest: str) -> dict:
    data = json.loads((run / "card.json").read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in (run / loop.LOG).read_text(encoding="utf-8").splitlines()]
    judged_by, better = tasks.load(settings["task"]).JUDGED_BY
    known = [row for row in rows if not math.isnan(row[judged_by])] or rows
    best = (max if better == "high" else min)(known, key=lambda row: row[judged_by])
    licences = data["train"]["licences"]
    free = not any(name.startswith(STATED) for name in licences)
    return {
        "task": settings["task"],
        "network": settings["network"],
        "bytes": size,
        "sha256": digest,
        "may_be_given_away": free,
        "data": data,
        "noises": settings["noises"],
        "settings": {name: value for name, value in settings.items() if name != "sounds"},
        "validation": best,
    }


def main() -> None:
    parser = argparse.ArgumentParser("python -m training.export", description=__doc__.split("\n\n")[0])
    parser.add_argument("run", type=Path, help="folder of a run")
    parser.add_argument("out", type=Path, help="the .onnx file to write, its card and SHA-256 beside it")
    args = parser.parse_args()
    card = write(args.run, args.out)
    print(f"{args.out}: {card['bytes'] / 1e6:.2f} MB, SHA-256 {card['sha256']}")
    if not card["may_be_given_away"]:
        print("It was trained on sounds without a stated licence: keep it to yourself.")


if __name__ == "__main__":
    entry.run(main)
