"""Tone classifiers: gather labelled sets, judge, train.

    python -m training.tone sets RAVDESS EMODB mine.csv --into sets.csv
    python -m training.tone benchmark --sets sets.csv --tones neutral,angry
    python -m training.tone train --sets sets.csv --tones neutral,angry --into models/tone

docs/tone.md says what the figures mean.
"""

import argparse
import os
from collections import Counter
from pathlib import Path

import numpy as np

from pipeline import entry
from pipeline.errors import ConfigError
from training.tone import benchmark, data, models, protocols, table, train
from training.tone.models import Recipe

MODELS = {
    "auto": models.CANDIDATES,
    "lda": models.of("lda"),
    "logistic": models.of("logistic"),
    "svm": models.of("svm"),
}


def sets(args: argparse.Namespace) -> None:
    """Gather labelled clips into one table."""
    found = table.gather(args.places)
    table.write(args.into, found)
    print(f"{'set':<16}{'tone':<12}{'clips':>7}{'speakers':>10}")
    counts = Counter((each.set, each.tone) for each in found.examples)
    for (name, tone), count in sorted(counts.items()):
        speakers = {each.speaker for each in found.examples if (each.set, each.tone) == (name, tone)}
        print(f"{name:<16}{tone:<12}{count:>7}{len(speakers):>10}")
    for why, count in Counter(found.left_out.values()).most_common():
        print(f"left out: {count} clips, {why}")
    print(f"{len(found.examples)} clips in {args.into}")


def read(args: argparse.Namespace, parts: set[str]) -> data.Data:
    """The clips of --sets, measured, of --tones; normalised by all clips of their speakers."""
    examples = table.gather([args.sets]).examples
    wanted = {example.tone for example in table.only(examples, args.tones)}
    heard, silent = data.load(examples, sorted(parts), args.jobs)
    for path, why in silent.items():
        print(f"left out: {path}, {why}")
    return heard.where(np.isin(heard.tones, sorted(wanted)))


def bench(args: argparse.Namespace) -> None:
    """Judge recipes on strangers, and checkpoints."""
    parts = {"basic180", *models.FULL} | benchmark.parts_of(args.checkpoints)
    clips = read(args, parts)
    texts, rows = [], []
    if args.checkpoints:
        texts.append(benchmark.checkpoints(args.checkpoints, clips))
    else:
        protocols.check(clips)
        rows = benchmark.strangers(clips, models.CONTENDERS, args.jobs)
        texts.append(benchmark.table(rows))
        if len(set(clips.sets)) > 1:
            ends = {name: models.CONTENDERS[name] for name in (models.OLD, models.BEST)}
            texts.append(
                benchmark.matrix({name: protocols.across(clips, own, args.jobs) for name, own in ends.items()})
            )
    text = "\n\n".join(texts)
    print(text)
    benchmark.write(args.into, rows, text)


def fit(args: argparse.Namespace) -> None:
    """Train a model."""
    if args.model == "mlp":
        layers = tuple(int(size) for size in args.hidden_layers.split(","))
        settings = {"hidden_layer_sizes": layers, "alpha": args.alpha, "tol": args.tol, "max_iter": args.iterations}
        candidates = (Recipe("mlp", settings, tuple(args.parts)),)
    else:
        candidates = models.on_parts(MODELS[args.model], tuple(args.parts)) if args.parts else MODELS[args.model]
    clips = read(args, {part for recipe in candidates for part in recipe.parts})
    options = train.Options(candidates, args.test_size, args.seed, args.every)
    path = train.run(args.into, clips, options)
    print(benchmark.checkpoints([*sorted(args.into.glob("epoch*.onnx")), path], clips))
    print(f"the model is {path}")


def names(text: str) -> list[str]:
    """An argparse type: names with commas between."""
    return [name.strip().lower() for name in text.split(",") if name.strip()]


def parts(text: str) -> list[str]:
    """An argparse type: parts of the vector with plus signs between."""
    known = ("descriptors", "voice", "basic180")
    chosen = text.split("+")
    if not set(chosen) <= set(known):
        raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)} with + between, found '{text}'")
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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function) -> argparse.ArgumentParser:
        text = function.__doc__.splitlines()[0]
        own = commands.add_parser(name, help=text, description=text)
        own.set_defaults(function=function)
        own.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once (default: all cores)")
        return own

    def labelled(own: argparse.ArgumentParser) -> None:
        own.add_argument("--sets", type=Path, required=True, help="the table that `sets` has written")
        own.add_argument("--tones", type=names, default=[], help="tones to tell apart, as neutral,angry (default: all)")

    own = command("sets", sets)
    own.add_argument("places", nargs="+", type=Path, metavar="FOLDER|CSV", help="unpacked sets, or path,tone,speaker")
    own.add_argument("--into", type=Path, default=Path("sets.csv"), help="the table (default: sets.csv)")
    own = command("benchmark", bench)
    own.add_argument("checkpoints", nargs="*", type=Path, metavar="CHECKPOINT", help="models; with none, the recipes")
    labelled(own)
    own.add_argument("--into", type=Path, default=Path("benchmark"), help="folder of tables and pictures")
    own = command("train", fit)
    labelled(own)
    own.add_argument("--into", type=Path, required=True, help="folder of the run; the same one goes on with it")
    own.add_argument("--model", choices=[*MODELS, "mlp"], default="auto", help="auto: what tells strangers best")
    own.add_argument("--parts", type=parts, default=None, help="descriptors+voice, or what is to be tried instead")
    own.add_argument("--test-size", type=share, default=0.2, help="share of speakers kept aside (default: 0.2)")
    own.add_argument("--seed", type=int, default=0, help="another seed, other speakers kept aside")
    own.add_argument("--hidden-layers", type=layers, default="300", help="mlp: sizes, as 300,100 (default: 300)")
    own.add_argument("--alpha", type=float, default=0.01, help="mlp: weight of the penalty (default: 0.01)")
    own.add_argument("--tol", type=float, default=1e-4, help="mlp: ends where the loss gains less (default: 0.0001)")
    own.add_argument("--iterations", type=int, default=500, help="mlp: epochs at most (default: 500)")
    own.add_argument("--every", type=int, default=50, help="mlp: epochs between two checkpoints (default: 50)")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if args.jobs < 1:
        raise ConfigError(f"tone: --jobs expected at least 1, found {args.jobs}.")
    args.function(args)


if __name__ == "__main__":
    entry.run(main)
