"""How good methods are: python -m training.evaluate PAIRS --methods noisy rnnoise noisereduce FILE.onnx auto:rnnoise.

PAIRS is a table of pairs (degraded, clean, and where known kind and snr_db), or the folder of training.mix. Clean
speech is given to every method too, for the harm rate. auto:METHOD keeps the result only where the pipeline would,
METHOD+0.06 mixes that share of the noisy signal back, and wpe,rnnoise is one method after the other. Writes a row per
pair and method (scores.csv) and prints means with 95 % intervals by kind and SNR.
"""

import argparse
import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines import enhancers, resemblyzer
from engines.enhancers import stft
from engines.enhancers.better import choose, mixed_back, through
from engines.enhancers.judging import Chosen, Judge
from pipeline import entry
from pipeline.errors import ConfigError
from training import intervals, metrics, sounds
from training.sounds import RATE

MEASURES = ("pesq", "estoi", "si_sdr", "dnsmos", "likeness", "iou")
WORSE_PESQ, WORSE_LIKENESS = 0.1, 0.02  # by which a clean clip counts as harmed
AUTO = "auto:"
Method = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Pair:
    """Two files in time with each other; where the second is also the first, it is for the harm rate."""

    name: str
    kind: str
    snr_db: str
    degraded: Path
    clean: Path


def of_table(table: Path) -> list[Pair]:
    """The pairs of a CSV. Raises ConfigError where it is no such table."""
    try:
        with open(table, encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except OSError as error:
        raise ConfigError(f"There is no table of pairs at {table} ({error.strerror}).") from None
    if not rows or not {"degraded", "clean"} <= set(rows[0]):
        raise ConfigError(
            f"{table}: expected the columns degraded and clean, found {', '.join(rows[0]) if rows else 'no rows'}."
        )
    place = table.parent
    return [
        Pair(
            row.get("id") or Path(row["degraded"]).stem,
            row.get("kind") or "noise",
            row.get("snr_db") or "",
            place / row["degraded"],
            place / row["clean"],
        )
        for row in rows
    ]


def of_folder(folder: Path) -> list[Pair]:
    """The validation pairs that training.mix wrote. Raises ConfigError where there are none."""
    table = folder / "val" / "pairs.csv"
    if not table.is_file():
        raise ConfigError(f"{folder} has no val/pairs.csv: name a folder that training.mix wrote, or a table of pairs.")
    return of_table(table)


def method(name: str, judge: Judge) -> Method:
    """A method by name, as a function of a signal (n,) at RATE."""
    if name == "noisy":
        return lambda noisy: noisy
    if name == "noisereduce":
        import noisereduce

        return lambda noisy: noisereduce.reduce_noise(y=noisy, sr=RATE).astype(np.float32)
    chosen, _, share = name.removeprefix(AUTO).partition("+")
    steps, residual = [enhancers.load(step, 1) for step in chosen.split(",")], _share(name, share)
    if not name.startswith(AUTO):
        return lambda noisy: mixed_back(through(steps, noisy, RATE), noisy, residual)

    def auto(noisy: np.ndarray) -> np.ndarray:
        ratings = judge.background(noisy)
        if ratings[0] >= Chosen.noisy_below:
            return noisy
        choice = choose(noisy, {"clip": noisy}, steps, RATE, Chosen(), judge, ratings, residual)
        return choice.version.sound if choice.version else noisy

    return auto


def _share(name: str, text: str) -> float:
    """The share of the noisy signal that a method's name asks to be mixed back, as in rnnoise+0.06."""
    try:
        share = float(text or 0)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise ConfigError(f"The method '{name}' asks for '{text}' of the noisy signal: give a share from 0 to 1.")
    return share


def measured(clean: np.ndarray, noisy: np.ndarray, out: np.ndarray, judge: Judge) -> dict[str, float]:
    """All measures of one result; likeness is the cosine of its voice to that of the clean signal."""
    voices = [embedding.vector for embedding in judge.embedder.embed([clean, out])]
    known = all(voice is not None for voice in voices)
    noises = [stft.analyse(noisy - other) for other in (clean, out)]
    return {
        "pesq": metrics.pesq(clean, out, RATE),
        "estoi": metrics.estoi(clean, out, RATE),
        "si_sdr": metrics.si_sdr(clean, out),
        "dnsmos": judge.background(out)[1],
        "likeness": float(np.dot(*voices)) if known else float("nan"),
        "iou": metrics.mask_iou(*noises) if noises[0].any() else float("nan"),
    }


def evaluate(pairs: list[Pair], names: list[str], judge: Judge, told: Callable[[dict], None]) -> list[dict]:
    """A row per pair and method, and per clean file and method with kind "clean"; `told` gets each as it is known."""
    methods = {name: method(name, judge) for name in names}
    rows = []
    seen: set[Path] = set()
    for pair in pairs:
        clean, noisy = sounds.read(pair.clean), sounds.read(pair.degraded)
        samples = min(len(clean), len(noisy))
        inputs = {pair.kind: noisy[:samples]} | ({} if pair.clean in seen else {"clean": clean[:samples]})
        seen.add(pair.clean)
        for kind, sound in inputs.items():
            for name, enhance in methods.items():
                scores = measured(clean[:samples], sound, enhance(sound), judge)
                snr = pair.snr_db if kind == pair.kind else ""
                rows.append({"id": pair.name, "kind": kind, "snr_db": snr, "method": name} | scores)
                told(rows[-1])
    return rows


def harm(rows: list[dict]) -> dict[str, float]:
    """Share of clean clips that each method made worse, by PESQ or by likeness of the voice."""
    clean = [row for row in rows if row["kind"] == "clean"]
    before = {row["id"]: row for row in clean if row["method"] == "noisy"}
    shares = {}
    for name in dict.fromkeys(row["method"] for row in clean):
        own = [row for row in clean if row["method"] == name and row["id"] in before]
        worse = [
            before[row["id"]]["pesq"] - row["pesq"] > WORSE_PESQ
            or before[row["id"]]["likeness"] - row["likeness"] > WORSE_LIKENESS
            for row in own
        ]
        shares[name] = float(np.mean(worse)) if worse else float("nan")
    return shares


def table(rows: list[dict]) -> str:
    """Means with 95 % intervals by kind, SNR and method, as text."""
    groups: dict[tuple[str, str, str], list[dict]] = {}
    for row in rows:
        groups.setdefault((row["kind"], row["snr_db"], row["method"]), []).append(row)
    lines = [f"{'kind':<18}{'snr':>4} {'method':<24}{'n':>4}" + "".join(f"{name:>16}" for name in MEASURES)]
    for (kind, snr, name), own in sorted(groups.items(), key=lambda group: group[0][:2]):
        cells = (intervals.told([row[measure] for row in own]) for measure in MEASURES)
        lines.append(f"{kind:<18}{snr:>4} {name:<24}{len(own):>4}" + "".join(f"{cell:>16}" for cell in cells))
    shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in harm(rows).items())
    return "\n".join([*lines, f"clean clips made worse: {shares}"])


def main() -> None:
    parser = argparse.ArgumentParser("python -m training.evaluate", description=__doc__.split("\n\n")[0])
    parser.add_argument("pairs", type=Path, help="table of pairs, or folder of training.mix")
    parser.add_argument("--methods", nargs="+", default=["noisy", "rnnoise", "noisereduce"], help="what to compare")
    parser.add_argument("--out", type=Path, default=Path("scores.csv"), help="table to write (default: scores.csv)")
    parser.add_argument("--first", type=int, help="only so many pairs of each kind")
    args = parser.parse_args()
    pairs = of_folder(args.pairs) if args.pairs.is_dir() else of_table(args.pairs)
    if args.first is not None:
        kinds = dict.fromkeys((pair.kind, pair.snr_db) for pair in pairs)
        pairs = [p for kind in kinds for p in [q for q in pairs if (q.kind, q.snr_db) == kind][: args.first]]
    judge = Judge(resemblyzer.load("onnx", 1, "cpu"), "cpu")
    partial_path = args.out.with_name(f"{args.out.name}.partial")
    with open(partial_path, "w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, ["id", "kind", "snr_db", "method", *MEASURES])
        writer.writeheader()
        rows = evaluate(pairs, list(dict.fromkeys(["noisy", *args.methods])), judge, writer.writerow)
    partial_path.replace(args.out)
    print(table(rows))


if __name__ == "__main__":
    entry.run(main)
