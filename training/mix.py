"""Write pairs of noisy and clean speech: python -m training.mix OUT --train 1000 --val 100 [--flags].

OUT/train and OUT/val hold noisy/SPEAKER/*.flac, clean/SPEAKER/*.flac under the same names, and pairs.csv with what went
into each; card.json tells what went in all in all. Training and validation share no speaker, noise or room. The same
flags always give the same bytes.
"""

import argparse
import csv
import json
import os
import shutil
from pathlib import Path

import soundfile

from pipeline import entry, flags
from pipeline.errors import ConfigError
from training import drawing, materials
from training.drawing import Materials, Recipe
from training.materials import PARTS
from training.settings import Mixing
from training.sounds import RATE

FACTS = ("speaker", "noise", "snr_db", "room", "c50_db", "codec")
SEED_APART = 1_000_000  # between the seeds of the two parts


def write_part(folder: Path, parts: Materials, recipe: Recipe, seed: int, count: int) -> None:
    """Write `count` pairs into a folder."""
    folder.mkdir(parents=True)
    with open(folder / "pairs.csv", "w", encoding="utf-8", newline="") as opened:
        table = csv.DictWriter(opened, ["id", "kind", "degraded", "clean", *FACTS], lineterminator="\n")
        table.writeheader()
        for number in range(count):
            example = drawing.draw(parts, recipe, seed, number)
            names = {}
            for side in ("noisy", "clean"):
                names[side] = f"{side}/{example.facts['speaker']}/{number:06d}.flac"
                (folder / names[side]).parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(folder / names[side], getattr(example, side), RATE, "PCM_16")
            kind = "clean" if example.facts["noise"] == "none" else "noise"
            places = {"id": f"{number:06d}", "kind": kind, "degraded": names["noisy"], "clean": names["clean"]}
            table.writerow(places | {name: example.facts[name] for name in FACTS})


def write(out: Path, settings: Mixing, counts: dict[str, int], target: str) -> dict:
    """Write the folder beside its place, then rename; return the card. Raises ConfigError where something is there."""
    if out.exists():
        raise ConfigError(f"{out} exists: name a new folder, so that nothing is overwritten.")
    parts, card = materials.prepare(settings)
    recipe = materials.recipe(settings, target)
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    try:
        for number, part in enumerate(PARTS):
            write_part(partial / part, parts[part], recipe, settings.seed + number * SEED_APART, counts[part])
            card[part]["pairs"] = counts[part]
        card["settings"] = settings.model_dump(mode="json") | {"target": target}
        (partial / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return card


def main() -> None:
    parser = argparse.ArgumentParser("python -m training.mix", description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path, help="folder to write, which must not exist")
    parser.add_argument("--train", type=int, default=1000, help="pairs for training (default: 1000)")
    parser.add_argument("--val", type=int, default=100, help="pairs for validation (default: 100)")
    parser.add_argument(
        "--target",
        choices=("room", "direct"),
        default="room",
        help="what clean is of a speaker in a room: the speech in that room, or its direct sound (default: room)",
    )
    flags.add(parser, Mixing)
    args = parser.parse_args()
    card = write(args.out, flags.read(args, Mixing), {"train": args.train, "val": args.val}, args.target)
    print(json.dumps({part: card[part] for part in PARTS}, indent=1))


if __name__ == "__main__":
    entry.run(main)
