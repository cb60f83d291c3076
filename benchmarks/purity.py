"""How pure the corpora of recordings with a known timeline are: every figure of docs/purity.md.

    python -m benchmarks.purity ../shared/data/radio [--work FOLDER]

Runs the stages with default settings (FOLDER keeps what they make), then judges: both hosts by their reference clips;
every other speaker with 25 s or more, by a reference from half of their utterances, scored on the other half;
speakers of ../emotion and ../conversation, who are in no recording; no reference at all. Constants of labels and of the
threshold are then chosen anew without the show, or the speakers, that they are scored on.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks import held_out
from pipeline import accounts, evaluate
from stages import speaker, threshold, voices
from stages.embed import load

STAGES = (
    ("separate", []),
    ("segment", ["--source", "both"]),
    ("slice", []),
    ("filter", ["--high-pass", "50,12,2"]),
    ("normalize", []),
    ("embed", []),
)
LEAST_SECONDS = 25.0
RATE = 16000


def program(name: str, *arguments) -> None:
    subprocess.run(
        [sys.executable, "-m", f"stages.{name}", *map(str, arguments)], check=True, stderr=subprocess.DEVNULL
    )


def run_stages(files: list[Path], work: Path) -> None:
    """The clips of the recordings, embedded; stages that have run already are left as they are."""
    inputs = [f"--input={path}" for path in files]
    if not (work / "index/shards.json").exists():
        program("index", *inputs, "--work", work, "--out", work / "index")
    shards, before = json.loads((work / "index/shards.json").read_text())["shards"], "index"
    for stage, flags in STAGES:
        for shard in shards:
            if not (work / stage / shard / "manifest.jsonl").exists():
                source = work / before / shard / "manifest.jsonl"
                program(stage, "--manifest", source, "--work", work, "--out", work / stage / shard, *flags)
        before = stage


def sound(path: Path, start: float = 0.0, end: float | None = None) -> np.ndarray:
    """A part of a file as mono at 16 kHz."""
    signal = accounts.decoded(path)
    return signal[round(start * RATE) : None if end is None else round(end * RATE)]


def halves(shows: dict[str, Path], truth: Path, known: set[str], embedder) -> list[tuple[str, np.ndarray, list]]:
    """(speaker, vector, rows of the reference) for either half of the utterances of everyone with enough seconds."""
    said: dict[str, list[list[tuple[str, float, float]]]] = defaultdict(list)
    for show in shows:
        last = None
        with open(truth / f"{show}.csv", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["label"] == "speech" and row["speaker"] not in known:
                    place = (show, float(row["start"]), float(row["end"]))
                    here = (row["speaker"], row["source"].split("|")[0])
                    if here == last:
                        said[row["speaker"]][-1].append(place)
                    else:
                        said[row["speaker"]].append([place])
                    last = here
    whole = {show: sound(path) for show, path in shows.items()}
    found = []
    for name, utterances in sorted(said.items()):
        if sum(end - start for one in utterances for _, start, end in one) >= LEAST_SECONDS:
            for parity in (0, 1):
                rows = [row for one in utterances[parity::2] for row in one]
                heard = [whole[show][round(start * RATE) : round(end * RATE)] for show, start, end in rows]
                found.append((name, embedder.embed([np.concatenate(heard)])[0].vector, rows))
    return found


def absent(data: Path, known: set[str], embedder) -> dict[str, np.ndarray]:
    """Vectors of the speakers of emotion/ and conversation/ (up to eight clips, six turns) who are not in the shows."""
    files: dict[str, list[tuple[Path, float, float | None]]] = defaultdict(list)
    with open(data / "emotion/emotion.csv", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            files[row["speaker"]][:8] = [*files[row["speaker"]], (data / "emotion" / row["path"], 0.0, None)][:8]
    with open(data / "conversation/turns.csv", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            (path,) = (data / "conversation").glob(f"{Path(row['file']).stem}.*[!v]")
            turn = (path, float(row["start"]), float(row["end"]))
            files[row["speaker"]][:6] = [*files[row["speaker"]], turn][:6]
    sounds = {name: np.concatenate([sound(*one) for one in some]) for name, some in sorted(files.items())}
    return {
        name: embedder.embed([signal])[0].vector
        for name, signal in sounds.items()
        if name not in known and len(signal) >= 2 * RATE
    }


class Judged:
    """The clips of a corpus, and what a target would be given of them."""

    def __init__(self, work: Path, truths: dict[str, evaluate.Truth]):
        self.clips, self.truths = speaker.read(work), truths
        self.places = [(Path(row["source"]).stem, row["start"], row["end"]) for row in speaker.stream(work)]

    def sure(self, vector: np.ndarray) -> np.ndarray:
        """Clips that are confidently the target's, (clips,) bool."""
        clips = self.clips
        return threshold.judge(clips.vectors, clips.seconds, clips.recording, vector)[0] == threshold.CONFIDENT

    def kept(self, chosen: np.ndarray) -> dict[str, np.ndarray]:
        """Frames of the chosen clips, by recording."""
        found = {show: np.zeros(len(truth.speaker), bool) for show, truth in self.truths.items()}
        for i in np.flatnonzero(chosen):
            show, start, end = self.places[i]
            found[show][evaluate.frame(start) : evaluate.frame(end)] = True
        return found

    def on_the_other_half(self, name: str, vector: np.ndarray, rows: list) -> tuple[float, float]:
        """Precision (NaN where nothing is kept) and recall, without the reference's rows and clips."""
        known = np.array([within(place, rows) for place in self.places])
        kept, left_out = self.kept(self.sure(vector) & ~known), self.kept(known)
        own = counted = total = 0
        for show, truth in self.truths.items():
            scored = ~left_out[show]
            for where, start, end in rows:
                if where == show:
                    scored[evaluate.frame(start) : evaluate.frame(end)] = False
            mask = kept[show] & scored & ~evaluate.neutral(truth.speaker, name)
            mine = truth.speaker == name
            own, counted, total = own + (mask & mine).sum(), counted + mask.sum(), total + (mine & scored).sum()
        return own / counted if counted else float("nan"), own / total


def within(place: tuple[str, float, float], rows: list[tuple[str, float, float]]) -> bool:
    """Whether most of a clip lies in some rows."""
    show, start, end = place
    return sum(max(0.0, min(end, b) - max(start, a)) for where, a, b in rows if where == show) > (end - start) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("truth", type=Path, help="folder of shows.csv, the shows and their timelines")
    parser.add_argument("--work", type=Path, help="folder for what the stages make; a temporary one by default")
    args = parser.parse_args()
    with open(args.truth / "shows.csv", encoding="utf-8", newline="") as lines:
        shows = {row["show"]: args.truth / row["file"] for row in csv.DictReader(lines)}
    truths = {show: evaluate.read_truth(args.truth / f"{show}.csv") for show in shows}
    with tempfile.TemporaryDirectory() as folder:
        work = args.work or Path(folder)
        run_stages(list(shows.values()), work)
        embedder, judged = load("onnx", 2, "auto"), Judged(work, truths)
        with open(args.truth / "targets.csv", encoding="utf-8", newline="") as lines:
            hosts = {row["speaker"]: args.truth / row["reference"] for row in csv.DictReader(lines)}
        cut = [0, 0]
        for name, path in hosts.items():
            sure = judged.sure(embedder.embed([sound(path)])[0].vector)
            one = evaluate.purity(truths, judged.kept(sure), name)
            print(f"host {name}: precision {one['precision']:.4f}, recall {one['recall']:.4f}")
            for show, truth in truths.items():
                mine = [judged.places[i][1:] for i in np.flatnonzero(sure) if judged.places[i][0] == show]
                cut = np.add(cut, accounts.cut_inside(mine, truth.spoken))
        print(f"clips of the hosts, ends inside speech: {cut[0]} of {cut[1]}, {cut[0] / cut[1]:.4f}")
        known = {name for truth in truths.values() for name in np.unique(truth.speaker)} - {""}
        others = halves(shows, args.truth, set(hosts), embedder)
        figures = np.array([judged.on_the_other_half(*one) for one in others])
        for (name, _, _), (precision, recall) in zip(others, figures, strict=True):
            print(f"  {name:<8} precision {precision:.3f}, recall {recall:.3f}")
        print(
            f"others as targets: mean precision {np.nanmean(figures[:, 0]):.4f}, mean recall {figures[:, 1].mean():.4f}"
        )
        strangers = absent(args.truth.parent, known, embedder)
        found = [name for name, vector in strangers.items() if judged.sure(vector).any()]
        print(f"absent targets: {len(strangers)}, of whom {len(found)} get confident clips: {found}")
        program("speaker", "--work", work, "--out", work / "speaker", "--voices", 2)
        for name, value in evaluate.labels_of(truths, evaluate.read_labels(work, truths)).items():
            print(f"{name}: {value:.4f}")
        present, _ = voices.group(judged.clips.vectors, judged.clips.seconds)
        most = [evaluate.nearest_speaker(truths, judged.kept(present == voice)) for voice in range(len(hosts))]
        print(f"the voices with most seconds: {most}")
        precision, recall, wrong = held_out.thresholds(judged, others, strangers)
        print(f"constants held out, others: precision {precision:.4f}, recall {recall:.4f}; absent found: {wrong}")
        print(f"constants held out, speech or not: {held_out.speech(work, truths):.4f}")


if __name__ == "__main__":
    main()
