"""Tone classifiers: gather labelled sets, judge, train, let grow, sort folders.

    python -m training.tone sets RAVDESS EMODB mine.csv --into sets.csv
    python -m training.tone benchmark --sets sets.csv --tones neutral,angry
    python -m training.tone train --sets sets.csv --tones neutral,angry --into models/tone

docs/tone.md says what the figures mean.
"""

import argparse
import os
from pathlib import Path

from pipeline import entry
from training.tone import commands, models
from training.tone.doubts import SURE
from training.tone.growing import LEAST

PARTS = ("descriptors", "voice", "basic180")


def names(text: str) -> list[str]:
    """An argparse type: names with commas between."""
    return [name.strip().lower() for name in text.split(",") if name.strip()]


def parts(text: str) -> list[str]:
    """An argparse type: parts of the vector with plus signs between."""
    chosen = text.split("+")
    if not set(chosen) <= set(PARTS):
        raise argparse.ArgumentTypeError(f"expected some of {', '.join(PARTS)} with + between, found '{text}'")
    return chosen


def recipes(text: str) -> list[str]:
    """An argparse type: names of recipes with commas between."""
    chosen = names(text)
    if not chosen or not set(chosen) <= models.CONTENDERS.keys():
        raise argparse.ArgumentTypeError(f"expected some of {', '.join(models.CONTENDERS)}, found '{text}'")
    return chosen


def layers(text: str) -> str:
    """An argparse type: whole numbers with commas between."""
    if not all(size.isdigit() and int(size) for size in text.split(",")):
        raise argparse.ArgumentTypeError(f"expected sizes such as 300 or 300,100, found '{text}'")
    return text


def share(text: str) -> float:
    """An argparse type: a number from 0 to a half."""
    value = float(text)
    if not 0 <= value <= 0.5:
        raise argparse.ArgumentTypeError(f"expected a share from 0 to 0.5, found {text}")
    return value


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m training.tone", description=__doc__.split("\n\n")[0])
    known = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function) -> argparse.ArgumentParser:
        text = function.__doc__.splitlines()[0]
        own = known.add_parser(name, help=text, description=text)
        own.set_defaults(function=function)
        own.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once (default: all cores)")
        return own

    def labelled(own: argparse.ArgumentParser, tones: bool = True) -> None:
        own.add_argument("--sets", type=Path, required=True, help="the table that `sets` has written")
        if tones:
            own.add_argument("--tones", type=names, default=[], help="tones to tell apart, a,b,c (default: all)")

    def splits(own: argparse.ArgumentParser) -> None:
        own.add_argument("--test-size", type=share, default=0.2, help="share of speakers kept aside (default: 0.2)")
        own.add_argument("--seed", type=int, default=0, help="another seed, other speakers kept aside")

    own = command("sets", commands.sets)
    own.add_argument("places", nargs="+", type=Path, metavar="FOLDER|CSV", help="unpacked sets, or path,tone,speaker")
    own.add_argument("--into", type=Path, default=Path("sets.csv"), help="the table (default: sets.csv)")

    own = command("benchmark", commands.bench)
    own.add_argument("checkpoints", nargs="*", type=Path, metavar="CHECKPOINT", help="models; with none, the recipes")
    labelled(own)
    own.add_argument("--recipes", type=recipes, help=f"some of {', '.join(models.CONTENDERS)} (default: all)")
    own.add_argument("--into", type=Path, default=Path("benchmark"), help="folder of tables and pictures")

    own = command("train", commands.fit)
    labelled(own)
    splits(own)
    own.add_argument("--into", type=Path, required=True, help="folder of the run; the same one goes on with it")
    own.add_argument("--model", choices=[*commands.MODELS, "mlp"], default="auto", help="auto: what serves best")
    own.add_argument("--parts", type=parts, help="parts of the vector, as descriptors+voice (default: the best)")
    own.add_argument("--hidden-layers", type=layers, default="300", help="mlp: sizes, as 300,100 (default: 300)")
    own.add_argument("--alpha", type=float, default=0.01, help="mlp: weight of the penalty (default: 0.01)")
    own.add_argument("--tol", type=float, default=1e-4, help="mlp: ends where the loss gains less (default: 0.0001)")
    own.add_argument("--iterations", type=int, default=500, help="mlp: epochs at most (default: 500)")
    own.add_argument("--every", type=int, default=50, help="mlp: epochs between two checkpoints (default: 50)")

    own = command("doubts", commands.doubt)
    labelled(own)
    own.add_argument("--min-confidence", type=float, default=SURE, help=f"of another tone (default: {SURE:g})")
    own.add_argument("--into", type=Path, default=Path("doubts.csv"), help="the list (default: doubts.csv)")

    own = command("rehearse", commands.rehearse)
    labelled(own)
    own.add_argument("--draws", type=int, default=3, help="how often, each with a seed of its own (default: 3)")
    own.add_argument("--seed", type=int, default=0, help="of the first draw (default: 0)")

    own = command("grow", commands.grow)
    labelled(own, tones=False)
    splits(own)
    own.add_argument("--model", type=Path, required=True, help="the model to begin with; what it is made of stays")
    own.add_argument("--corpus", type=Path, required=True, help="a finished corpus of one's own")
    own.add_argument("--decisions", type=Path, help="folder of the review's decisions: tones told by people")
    own.add_argument(
        "--min-confidence", type=float, default=LEAST, help=f"of a clip that is taken in (default: {LEAST:g})"
    )
    own.add_argument("--into", type=Path, required=True, help="folder of the new model")

    own = command("classify", commands.classify)
    own.add_argument("folder", type=Path, metavar="FOLDER", help="recordings; each folder in it is one speaker's")
    own.add_argument("--model", type=Path, required=True, help="NAME.onnx with its card NAME.json beside it")
    own.add_argument("--min-confidence", type=float, default=0.5, help="below it a clip is unsure (default: 0.5)")
    own.add_argument("--into", type=Path, help="folder for copies, sorted by tone")
    own.add_argument("--csv", type=Path, help="table to write: path, tone, confidence, seconds")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    commands.check(args)
    args.function(args)


if __name__ == "__main__":
    entry.run(main)
