"""Trains every network of some tasks for a few steps and exports it; run by test_training in the laboratory."""

import argparse
import sys
from pathlib import Path

from pipeline import flags
from training import export, tasks, train
from training.settings import Training


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    flags.add(parser, Training)
    args = parser.parse_args()
    settings = flags.read(args, Training)
    for task in ("denoise", "gate", "denoise_mel"):
        for network in tasks.load(task).NETWORKS:
            run = train.begin(task, settings.model_copy(update={"out": str(args.folder), "network": network}))
            run.go(print)
            export.write(run.run, args.folder / f"{task}-{network}.onnx")


if __name__ == "__main__":
    sys.exit(main())
