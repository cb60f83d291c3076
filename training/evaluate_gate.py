"""How well gates tell noisy from clean: python -m training.evaluate_gate PAIRS --gates one.onnx two.onnx.

PAIRS as for training.evaluate. The degraded file of every pair with a known SNR is noisy, the clean one clean; pairs
without an SNR are left out.
"""

import argparse
from pathlib import Path

import numpy as np

from pipeline import entry
from pipeline.errors import ConfigError
from training import evaluate, intervals, roc, sounds
from training.evaluate import Pair
from training.gate import Gate


def figures(gate: Gate, pairs: list[Pair]) -> dict[str, str]:
    """Accuracy, area under the ROC curve, and the mean absolute error of the SNR with its 95 % interval."""
    noisy = [gate.listen(sounds.read(pair.degraded)) for pair in pairs]
    clean = [gate.listen(sounds.read(path)) for path in dict.fromkeys(pair.clean for pair in pairs)]
    odds = np.array([answer.noisy for answer in (*noisy, *clean)])
    positive = np.arange(len(odds)) < len(noisy)
    errors = [abs(answer.snr_db - float(pair.snr_db)) for answer, pair in zip(noisy, pairs, strict=True)]
    return {
        "files": str(len(odds)),
        "accuracy": f"{np.mean((odds > 0.5) == positive):.3f}",
        "AUC": f"{roc.area(odds, positive):.3f}",
        "SNR error, dB": intervals.told(errors),
        "SNR of clean, dB": intervals.told([answer.snr_db for answer in clean]),
    }


def main() -> None:
    parser = argparse.ArgumentParser("python -m training.evaluate_gate", description=__doc__.split("\n\n")[0])
    parser.add_argument("pairs", type=Path, help="table of pairs, or folder of training.mix")
    parser.add_argument("--gates", nargs="+", type=Path, required=True, help="ONNX files of the task gate")
    args = parser.parse_args()
    pairs = evaluate.of_folder(args.pairs) if args.pairs.is_dir() else evaluate.of_table(args.pairs)
    pairs = [pair for pair in pairs if pair.kind != "clean" and pair.snr_db]
    if not pairs:
        raise ConfigError(f"No pair in {args.pairs} has an snr_db: add that column.")
    for path in args.gates:
        told = figures(Gate(path), pairs)
        print(f"{path}: " + ", ".join(f"{name} {value}" for name, value in told.items()))


if __name__ == "__main__":
    entry.run(main)
