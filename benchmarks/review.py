"""What a person's decisions bring: recall against the number of voices heard, answers given by the truth.

    python -m benchmarks.review ../shared/data/radio [--work FOLDER] [--decisions 20] [--svg docs/review.svg]

The stages run with default settings (FOLDER keeps their results). Then a script stands in for the person. It is asked
about one voice at a time, in the order of `review voices`, hears that voice's typical clips alone, and answers as the
timeline has it: the target, somebody else, or two people where the clips are of different ones. After every answer the
speaker stage's decision is made anew. For the hosts it is also asked, where that is worth more, whether the ends of a
kept clip are to be moved over speech that was cut off beside it. For a yardstick, voices are asked about in a random
order as well (mean of two).
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import curve
from benchmarks.asked import Asked
from benchmarks.people import Shows, halves, shows_of, sound
from benchmarks.purity import Judged, run_stages
from engines import resemblyzer
from evaluation import accounts, purity

RANDOM_ORDERS = 2
SHOWN = (0, 1, 2, 3, 5, 7, 10, 15, 20)


def hosts(
    judged: Judged, sha256: dict[str, str], shows: Shows, embedder, count: int, dice, folder: Path, cut_off: dict
) -> dict:
    """target -> (answers + 1, 2): precision and recall of the targets of targets.csv, all looked for at once."""
    references = [sound(shows.folder / target["reference"]) for target in shows.targets]
    vectors = np.array([voice.vector for voice in embedder.embed(references)])
    names = [target["speaker"] for target in shows.targets]

    def score(kept: np.ndarray, wider: dict) -> list:
        figures = [purity.purity(judged.truths, judged.kept(kept == i, wider), name) for i, name in enumerate(names)]
        return [(one["precision"], one["recall"]) for one in figures]

    curves = np.array(Asked(judged, sha256, names, vectors, folder).run(count, score, dice, cut_off))
    return {name: curves[:, i] for i, name in enumerate(names)}


def others(judged: Judged, sha256: dict[str, str], speakers: list, count: int, dice, folder: Path) -> dict:
    """(name, half) -> the same for everyone else, looked for alone by half of their utterances, scored on the rest."""
    curves = {}
    for half, (name, vector, known) in enumerate(speakers):

        def score(kept: np.ndarray, wider: dict, name=name, known=known) -> tuple[float, float]:
            return judged.scored(kept == 0, name, known)

        asked = Asked(judged, sha256, [name], vector[None], folder)
        curves[name, half % 2] = np.array(asked.run(count, score, dice))
    return curves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("truth", type=Path, help="folder of shows.csv, the shows and their timelines")
    parser.add_argument("--work", type=Path, help="folder for what the stages make; a temporary one by default")
    parser.add_argument("--decisions", type=int, default=20, help="how many answers")
    parser.add_argument("--svg", type=Path, help="write the curves of recall to this file")
    args = parser.parse_args()
    shows = shows_of(args.truth)
    with tempfile.TemporaryDirectory() as name:
        work = args.work or Path(name)
        run_stages(list(shows.files.values()), work)
        embedder, judged = resemblyzer.load("onnx", 2, "auto"), Judged(work, shows.truths)
        sha256 = judged.recordings()
        speakers = halves(shows, embedder)
        orders = [None, *(np.random.default_rng(seed) for seed in range(RANDOM_ORDERS))]
        drawn: dict[str, np.ndarray] = {}
        shown = [number for number in SHOWN if number <= args.decisions]
        print(f"{'precision, recall after':<34}" + "".join(f"{number:>14}" for number in shown))

        def tell(title: str, found: np.ndarray, draw: bool = True) -> None:
            figures = "".join(f"{found[i, 0]:>8.3f}{found[i, 1]:>6.3f}" for i in shown)
            print(f"{title:<34}{figures}", flush=True)
            if draw:
                drawn[title] = found[:, 1]

        if shows.targets:
            cut_off = {
                stem: [(start, end) for reason, start, end in losses if reason == "slice: too_short"]
                for stem, losses in accounts.read_losses(work).items()
            }
            curves = [
                hosts(judged, sha256, shows, embedder, args.decisions, dice, Path(name), cut_off) for dice in orders
            ]
            for target in curves[0]:
                tell(target, curves[0][target])
                tell(f"{target}, in random order", np.nanmean([one[target] for one in curves[1:]], axis=0))
        if speakers:
            curves = others(judged, sha256, speakers, args.decisions, None, Path(name))
            for who, half in curves:
                tell(f"{who}, half {half + 1}", curves[who, half], draw=False)
            tell(f"mean of {len(curves) // 2} people", np.nanmean(list(curves.values()), axis=0))
            random = [others(judged, sha256, speakers, args.decisions, dice, Path(name)) for dice in orders[1:]]
            tell("the same, in random order", np.nanmean([list(one.values()) for one in random], axis=(0, 1)))
        if args.svg:
            args.svg.write_text(curve.svg(drawn, "decisions", "recall"), encoding="utf-8")


if __name__ == "__main__":
    main()
