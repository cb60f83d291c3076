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

from benchmarks.people import halves, rows, sound
from benchmarks.purity import Judged, run_stages
from engines import resemblyzer
from evaluation import accounts, purity, timeline
from pipeline import arrays
from pipeline.decisions import Decision
from review import beside, voices
from stages.speaker import choice, present, threshold

RANDOM_ORDERS = 2
SHOWN = (0, 1, 2, 3, 5, 7, 10, 15, 20)


class Asked:
    """A corpus whose voices a script decides on, for one or several targets."""

    def __init__(self, judged: Judged, sha256: dict[str, str], names: list[str], vectors: np.ndarray, folder: Path):
        self.judged, self.stem_of, self.names = judged, {sha: stem for stem, sha in sha256.items()}, names
        self.found = judged.clusters, judged.voice
        self.references = folder / "references.npz"
        arrays.save(self.references, names=np.array(names), vectors=vectors, doubts=np.array([""] * len(names)))

    def truth(self, clip: int) -> str:
        """Who speaks most in a clip."""
        clips = self.judged.clips
        speaker = self.judged.truths[self.stem_of[clips.sha256[clips.recording[clip]]]].speaker
        heard = speaker[timeline.frame(clips.start[clip]) : timeline.frame(clips.end[clip])]
        names, counts = np.unique(heard[heard != ""], return_counts=True)
        return str(names[np.argmax(counts)]) if len(names) else ""

    def answer(self, members: np.ndarray, number: int) -> Decision:
        """The script's decision on a voice, whose clips are `members`, after hearing its typical ones."""
        clips = self.judged.clips
        places: dict[str, list] = {}
        for clip in members:
            places.setdefault(clips.sha256[clips.recording[clip]], []).append((clips.start[clip], clips.end[clip]))
        heard = {self.truth(clip) for clip in present.to_hear(clips, members)}
        mixed = len(heard) > 1 and len(members) > 1 and heard & set(self.names)
        said = next(iter(heard & set(self.names)), "")
        fields = {"kind": "two"} if mixed else {"kind": "voice", "value": said}
        when = f"2026-01-01T00:00:00.{number:06d}Z"
        return Decision.model_validate(
            {"id": f"{number:032x}", "who": "truth", "when": when, "places": places} | fields
        )

    def run(self, count: int, score, dice: np.random.Generator | None, cut_off: dict | None = None) -> list:
        """The scores after 0 to `count` answers: score(clips kept, (clips,) index of target or -1, wider ends).

        cut_off: recording -> speech that was too short for a clip; then the script is also asked whether a kept clip's
        ends are moved over what was cut off beside it. Wider ends are {clip: (start, end)}.
        """
        told: list[Decision] = []
        gains, ends, wider = self.beside(cut_off) if cut_off else ({}, {}, {})
        settled = np.zeros(len(self.judged.clips.row), bool)
        scores = []
        for number in range(count + 1):
            found = choice.choose(self.judged.clips, self.found, self.references, "auto", 0, told)
            kept = np.where(found.answer == threshold.CONFIDENT, found.choice, -1)
            scores.append(score(kept, wider))
            worth = self.worth(found)
            open_ = [voice for voice in range(len(worth)) if not settled[found.voice == voice].all()]
            asked = {clip: gain for clip, gain in gains.items() if kept[clip] >= 0}
            if not dice and asked and max(asked.values()) > max((worth[voice] for voice in open_), default=0.0):
                clip = max(asked, key=asked.__getitem__)
                del gains[clip]
                if self.speaks(clip, ends[clip]) == self.names[kept[clip]]:
                    wider[clip] = ends[clip]
                continue
            if not open_:
                return scores + [scores[-1]] * (count - number)
            voice = open_[dice.integers(len(open_))] if dice else max(open_, key=worth.__getitem__)
            told.append(self.answer(np.flatnonzero(found.voice == voice), number))
            if told[-1].kind == "voice":
                settled |= found.voice == voice
        return scores

    def beside(self, cut_off: dict) -> tuple[dict, dict, dict]:
        """Clip -> seconds of speech that was cut off beside it; clip -> its ends with that; {}."""
        clips, gains, ends = self.judged.clips, {}, {}
        for number, sha256 in enumerate(clips.sha256):
            members = np.flatnonzero(clips.recording == number)
            places = list(zip(clips.start[members], clips.end[members], strict=True))
            speech = cut_off.get(self.stem_of[sha256], [])
            wide = beside.wider(places, speech)
            for clip, there, gain in zip(members, wide, beside.gained(places, wide, speech), strict=True):
                if gain:
                    gains[clip], ends[clip] = gain, there
        return gains, ends, {}

    def speaks(self, clip: int, wide: tuple[float, float]) -> str:
        """Who speaks most in what was cut off beside a clip."""
        clips = self.judged.clips
        speaker = self.judged.truths[self.stem_of[clips.sha256[clips.recording[clip]]]].speaker
        parts = ((wide[0], clips.start[clip]), (clips.end[clip], wide[1]))
        heard = np.concatenate([speaker[timeline.frame(start) : timeline.frame(end)] for start, end in parts])
        names, counts = np.unique(heard[heard != ""], return_counts=True)
        return str(names[np.argmax(counts)]) if len(names) else ""

    def worth(self, found: choice.Choice) -> list[float]:
        """What an answer on each voice would settle, as `review voices` has it."""
        seconds = self.judged.clips.seconds
        columns = {"seconds": found.answer >= 0, "confident_seconds": found.answer == threshold.CONFIDENT}
        columns |= {"uncertain_seconds": found.answer == threshold.UNCERTAIN}
        spoken = {
            name: np.bincount(found.voice[chosen], seconds[chosen], len(found.likeness))
            for name, chosen in columns.items()
        }
        return [
            voices.worth({name: spoken[name][voice] for name in spoken} | {"similarity": likeness})
            for voice, likeness in enumerate(found.likeness)
        ]


def hosts(
    judged: Judged, sha256: dict[str, str], truth: Path, embedder, count: int, dice, folder: Path, cut_off: dict
) -> dict:
    """target -> (answers + 1, 2): precision and recall of the targets of targets.csv, all looked for at once."""
    named = rows(truth / "targets.csv")
    vectors = np.array([embedder.embed([sound(truth / target["reference"])])[0].vector for target in named])
    names = [target["speaker"] for target in named]

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
    args = parser.parse_args()
    shows = {row["show"]: args.truth / row["file"] for row in rows(args.truth / "shows.csv")}
    truths = {show: timeline.read_truth(args.truth / f"{show}.csv") for show in shows}
    with tempfile.TemporaryDirectory() as name:
        work = args.work or Path(name)
        run_stages(list(shows.values()), work)
        embedder, judged = resemblyzer.load("onnx", 2, "auto"), Judged(work, truths)
        sha256 = judged.recordings()
        known = rows(args.truth / "targets.csv") if (args.truth / "targets.csv").is_file() else []
        speakers = halves(shows, args.truth, {target["speaker"] for target in known}, embedder)
        orders = [None, *(np.random.default_rng(seed) for seed in range(RANDOM_ORDERS))]
        shown = [number for number in SHOWN if number <= args.decisions]
        print(f"{'precision, recall after':<34}" + "".join(f"{number:>14}" for number in shown))

        def tell(title: str, curve: np.ndarray) -> None:
            figures = "".join(f"{curve[i, 0]:>8.3f}{curve[i, 1]:>6.3f}" for i in shown)
            print(f"{title:<34}{figures}", flush=True)

        if known:
            cut_off = {
                stem: [(start, end) for reason, start, end in losses if reason == "slice: too_short"]
                for stem, losses in accounts.read_losses(work).items()
            }
            curves = [
                hosts(judged, sha256, args.truth, embedder, args.decisions, dice, Path(name), cut_off)
                for dice in orders
            ]
            for target in curves[0]:
                tell(target, curves[0][target])
                tell(f"{target}, in random order", np.nanmean([one[target] for one in curves[1:]], axis=0))
        if speakers:
            curves = others(judged, sha256, speakers, args.decisions, None, Path(name))
            for who, half in curves:
                tell(f"{who}, half {half + 1}", curves[who, half])
            tell("mean of these", np.nanmean(list(curves.values()), axis=0))
            random = [others(judged, sha256, speakers, args.decisions, dice, Path(name)) for dice in orders[1:]]
            tell("mean, in random order", np.nanmean([list(one.values()) for one in random], axis=(0, 1)))


if __name__ == "__main__":
    main()
