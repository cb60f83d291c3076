"""What the commands of `python -m training.tone` do, given their arguments; each one's first line is its help."""

import argparse
import csv
import io
from collections import Counter
from pathlib import Path

import numpy as np

from engines.tone.model import Model, card_of
from engines.tone.parts import IN_PIPELINE
from pipeline import manifest
from pipeline.errors import ConfigError
from training.tone import (
    arousal,
    benchmark,
    data,
    doubts,
    export,
    growing,
    models,
    own,
    protocols,
    rehearsal,
    sort,
    table,
    text,
    train,
)
from training.tone.models import Recipe

MODELS = {"auto": models.CANDIDATES} | {name: models.of(name) for name in ("lda", "logistic", "svm")}


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
    print(f"{len(found.examples)} clips in {args.into}, what was left out beside it")


def labelled(args: argparse.Namespace, parts: set[str]) -> data.Data:
    """The clips of --sets, measured, of --tones."""
    examples = table.gather([args.sets]).examples
    wanted = {example.tone for example in table.only(examples, args.tones)}
    heard, silent = data.load(examples, sorted(parts), args.jobs)
    for path, why in silent.items():
        print(f"left out: {path}, {why}")
    return heard.where(np.isin(heard.tones, sorted(wanted)))


def bench(args: argparse.Namespace) -> None:
    """Judge recipes, or checkpoints and what they were made by, on speakers and sets that they have not heard."""
    texts = []
    if args.checkpoints:
        clips = labelled(args, benchmark.parts_of(args.checkpoints))
        contenders = benchmark.of_checkpoints(args.checkpoints, clips)
        if not protocols.honest(clips):
            texts.append(f"fewer than {protocols.FEWEST} speakers, so nobody can be left out")
    else:
        wanted = {name: models.CONTENDERS[name] for name in args.recipes or models.CONTENDERS}
        recipes = {name: candidates for name, candidates in wanted.items() if models.runs_here(candidates)}
        if left := sorted(wanted.keys() - recipes.keys()):
            why = f"{', '.join(left)} needs the laboratory: run `python -m install.environments laboratory`"
            if args.recipes:
                raise ConfigError(f"tone: {why}, or leave it out of --recipes.")
            texts.append(f"left out: {why}")
        clips = labelled(args, {part for candidates in recipes.values() for each in candidates for part in each.parts})
        protocols.check(clips)
        contenders = benchmark.of_recipes(clips, recipes)
        if set(IN_PIPELINE) <= clips.measured.parts.keys():
            texts += arousal.lines(data.everything(clips))
    rows = list(benchmark.judge(contenders, args.jobs))
    told = "\n\n".join(filter(None, [text.table(rows), text.matrix(rows), *texts]))
    print(told)
    benchmark.write(args.into, rows, told)


def fit(args: argparse.Namespace) -> None:
    """Train a model, with checkpoints; the same command goes on where it was cut off."""
    if args.model == "mlp":
        layers = tuple(int(size) for size in args.hidden_layers.split(","))
        settings = {"hidden_layer_sizes": layers, "alpha": args.alpha, "tol": args.tol, "max_iter": args.iterations}
        candidates = (Recipe("mlp", settings, tuple(args.parts or models.FULL)),)
    else:
        candidates = models.on_parts(MODELS[args.model], tuple(args.parts)) if args.parts else MODELS[args.model]
    clips = labelled(args, {part for recipe in candidates for part in recipe.parts})
    path = train.run(args.into, clips, train.Options(candidates, args.test_size, args.seed, args.every))
    judged = benchmark.of_checkpoints([*sorted(args.into.glob("epoch*.onnx")), path], clips)
    print(text.table([benchmark.of_file(checkpoint) for checkpoint in judged]))
    print(f"the model is {path}")


def doubt(args: argparse.Namespace) -> None:
    """List labels that look wrong."""
    clips = labelled(args, set(models.FULL))
    rows = doubts.find(clips, models.CANDIDATES, least=args.min_confidence)
    _write_csv(args.into, ["path", "tone", "likelier", "confidence"], rows)
    print(f"{len(rows)} of {len(clips)} labels look wrong: listed in {args.into}, the most doubtful first")


def rehearse(args: argparse.Namespace) -> None:
    """Tell how far doubts and grow can be trusted: labels made wrong, a corpus of speakers held back."""
    clips = labelled(args, set(models.FULL))
    seeds = range(args.seed, args.seed + args.draws)
    found, runs = rehearsal.draws(clips, seeds, growing.LEAST, args.jobs)
    print(rehearsal.doubts_table(found), rehearsal.growing_table(runs), sep="\n\n")


def grow(args: argparse.Namespace) -> None:
    """Take sure clips of one's own corpus into training, as long as strangers lose nothing by it."""
    card = card_of(args.model)
    recipe = models.of_card(card)
    args.tones = card.tones
    clips = labelled(args, set(card.parts))
    mask = train.split(clips, args.test_size, args.seed)
    mine = own.read(args.corpus, recipe.parts, recipe.normalize, args.decisions, args.jobs)
    model, rounds, given = growing.grow(
        recipe, clips.where(mask), clips.where(~mask), mine, card.temperature, args.min_confidence, args.seed
    )
    print(growing.table(rounds))
    known = np.isin(clips.speakers, clips.where(mask).speakers)
    about = train.summary(clips.where(known), clips.where(~known), args.seed) | {"own": int(np.sum(given != ""))}
    vectors = clips.matrix(recipe.parts, recipe.normalize)
    scores = {"held_out": round(max(each.uar for each in rounds if each.kept), 4)}
    export.write(args.into / train.MODEL, model, recipe, vectors, card.temperature, about, scores)
    rows = [
        {"clip": clip, "speaker": speaker, "tone": tone}
        for clip, speaker, tone in zip(mine.clips, mine.speakers, given, strict=True)
        if tone
    ]
    _write_csv(args.into / "own.csv", ["clip", "speaker", "tone"], rows)
    print(f"the model is {args.into / train.MODEL}; the {len(rows)} clips that it has learnt from: own.csv beside it")


def classify(args: argparse.Namespace) -> None:
    """Sort a folder of recordings by tone."""
    rows = sort.classify(args.folder, Model(args.model), args.min_confidence, args.jobs)
    sort.write(rows, args.folder, args.into, args.csv)
    print(sort.summary(rows))


def _write_csv(path: Path, fields: list[str], rows: list[dict]) -> None:
    out = io.StringIO()
    lines = csv.DictWriter(out, fields, lineterminator="\n")
    lines.writeheader()
    lines.writerows(rows)
    manifest.write_text(path, out.getvalue())


def check(args: argparse.Namespace) -> None:
    """Raise ConfigError where an argument is out of bounds."""
    if getattr(args, "recipes", None) and args.checkpoints:
        raise ConfigError("tone: a checkpoint is judged by the recipe on its card: leave --recipes out.")
    if args.jobs < 1:
        raise ConfigError(f"tone: --jobs expected at least 1, found {args.jobs}.")
    if getattr(args, "draws", 1) < 1 or getattr(args, "seed", 0) < 0:
        raise ConfigError("tone: --draws expected at least 1, --seed at least 0.")
    if not 0 <= getattr(args, "min_confidence", 0) <= 1:
        raise ConfigError(f"tone: --min-confidence expected 0 to 1, found {args.min_confidence:g}.")
