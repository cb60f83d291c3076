"""How pure the corpora of recordings with a known timeline are: the figures of docs/purity.md.

    python -m benchmarks.purity ../shared/data/radio [--data ../shared/data] [--work FOLDER]

Runs the stages with default settings (FOLDER keeps their results), then scores four cases: the hosts, by their
reference clips, where there is a targets.csv; every other speaker with 25 s or more, by a reference from half of their
utterances, scored on the other half; people of the data folder who are in no recording; no reference at all. Then the
constants of labels and of voices are chosen again without the show, or the speakers, that they are scored on.
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
from evaluation import __main__ as evaluate
from evaluation import accounts, timeline
from stages import speaker
from stages.embed import load
from stages.speaker import clusters, threshold, voices

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
    """Make and embed the clips of the recordings; stages that have run already are not run again."""
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


def rows(path: Path) -> list[dict]:
    """The rows of a CSV."""
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def sound(path: Path, start: float = 0.0, end: float | None = None) -> np.ndarray:
    """A part of a file as mono at 16 kHz."""
    signal = accounts.decoded(path)
    return signal[round(start * RATE) : None if end is None else round(end * RATE)]


def halves(shows: dict[str, Path], truth: Path, known: set[str], embedder) -> list[tuple[str, np.ndarray, list]]:
    """(speaker, vector, rows of the reference) for each half of the utterances of everyone with enough seconds."""
    utterances_of: dict[str, list[list[tuple[str, float, float]]]] = defaultdict(list)
    for show in shows:
        last = None
        for row in rows(truth / f"{show}.csv"):
            if row["label"] == "speech" and row["speaker"] not in known:
                place = (show, float(row["start"]), float(row["end"]))
                here = (row["speaker"], row["source"].split("|")[0])
                if here == last:
                    utterances_of[row["speaker"]][-1].append(place)
                else:
                    utterances_of[row["speaker"]].append([place])
                last = here
    whole = {show: sound(path) for show, path in shows.items()}
    references = []
    for name, utterances in sorted(utterances_of.items()):
        if sum(end - start for utterance in utterances for _, start, end in utterance) >= LEAST_SECONDS:
            for parity in (0, 1):
                half = [place for utterance in utterances[parity::2] for place in utterance]
                pieces = [whole[show][round(start * RATE) : round(end * RATE)] for show, start, end in half]
                references.append((name, embedder.embed([np.concatenate(pieces)])[0].vector, half))
    return references


def absent(data: Path, known: set[str], embedder) -> dict[str, dict[str, np.ndarray]]:
    """Vectors of people who are not in the shows, by folder: up to eight clips of each."""
    files: dict[str, dict[str, list[tuple]]] = {name: defaultdict(list) for name in ("acted, meetings", "readers")}
    present = {name for names in known for name in names.split("+")}

    def add(kind: str, speaker: str, *place) -> None:
        if speaker not in present and len(files[kind][speaker]) < 8:
            files[kind][speaker].append(place)

    for row in rows(data / "emotion/emotion.csv"):
        add("acted, meetings", row["speaker"], data / "emotion" / row["path"])
    for row in rows(data / "conversation/turns.csv"):
        (path,) = (data / "conversation").glob(f"{Path(row['file']).stem}.*[!v]")
        add("acted, meetings", row["speaker"], path, float(row["start"]), float(row["end"]))
    for row in rows(data / "noisy_clean/pairs.csv"):
        add("readers", row["speaker"], data / "noisy_clean" / row["clean"])
    vectors_of: dict[str, dict[str, np.ndarray]] = {}
    for kind, people in files.items():
        sounds = {name: np.concatenate([sound(*place) for place in places]) for name, places in sorted(people.items())}
        vectors = {name: embedder.embed([clip])[0].vector for name, clip in sounds.items() if len(clip) >= 2 * RATE}
        vectors_of[kind] = {name: vector for name, vector in vectors.items() if vector is not None}
    return vectors_of


class Judged:
    """The clips of a corpus, and which of them a target would get."""

    def __init__(self, work: Path, truths: dict[str, timeline.Truth]):
        self.clips, self.truths = speaker.read(work), truths
        self.places = [(Path(row["source"]).stem, row["start"], row["end"]) for row in speaker.stream(work)]
        self.cluster()

    def cluster(self) -> None:
        """Cluster the clips and find the voices, with the constants as they are now."""
        self.clusters = clusters.cluster(self.clips.vectors, self.clips.seconds, self.clips.recording)
        self.voice = voices.group(self.clusters)

    def sure(self, vector: np.ndarray) -> np.ndarray:
        """Clips that are confidently the target's, (clips,) bool."""
        return threshold.assign(self.clusters, self.voice, vector[None])[1] == threshold.CONFIDENT

    def kept(self, chosen: np.ndarray) -> dict[str, np.ndarray]:
        """Frames of the chosen clips, by recording."""
        frames = {show: np.zeros(len(truth.speaker), bool) for show, truth in self.truths.items()}
        for i in np.flatnonzero(chosen):
            show, start, end = self.places[i]
            frames[show][timeline.frame(start) : timeline.frame(end)] = True
        return frames

    def on_the_other_half(self, name: str, vector: np.ndarray, rows: list) -> tuple[float, float]:
        """Precision (NaN where nothing is kept) and recall, without the reference's rows and clips."""
        known = np.array([within(place, rows) for place in self.places])
        kept, left_out = self.kept(self.sure(vector) & ~known), self.kept(known)
        own = counted = total = 0
        for show, truth in self.truths.items():
            scored = ~left_out[show]
            for where, start, end in rows:
                if where == show:
                    scored[timeline.frame(start) : timeline.frame(end)] = False
            mask = kept[show] & scored & ~evaluate.neutral(truth.speaker, name)
            speaking = truth.speaker == name
            own, counted, total = own + (mask & speaking).sum(), counted + mask.sum(), total + (speaking & scored).sum()
        return own / counted if counted else float("nan"), own / total


def within(place: tuple[str, float, float], rows: list[tuple[str, float, float]]) -> bool:
    """Whether more than half of a clip lies in the rows."""
    show, start, end = place
    return sum(max(0.0, min(end, b) - max(start, a)) for where, a, b in rows if where == show) > (end - start) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("truth", type=Path, help="folder of shows.csv, the shows and their timelines")
    parser.add_argument(
        "--data", type=Path, help="folder with emotion/, conversation/, noisy_clean/; by default TRUTH/.."
    )
    parser.add_argument("--work", type=Path, help="folder for what the stages make; a temporary one by default")
    args = parser.parse_args()
    shows = {row["show"]: args.truth / row["file"] for row in rows(args.truth / "shows.csv")}
    truths = {show: timeline.read_truth(args.truth / f"{show}.csv") for show in shows}
    with tempfile.TemporaryDirectory() as folder:
        work = args.work or Path(folder)
        run_stages(list(shows.values()), work)
        embedder, judged = load("onnx", 2, "auto"), Judged(work, truths)
        named = rows(args.truth / "targets.csv") if (args.truth / "targets.csv").is_file() else []
        cut = [0, 0]
        for target in named:
            sure = judged.sure(embedder.embed([sound(args.truth / target["reference"])])[0].vector)
            host = evaluate.purity(truths, judged.kept(sure), target["speaker"])
            print(f"host {target['speaker']}: precision {host['precision']:.4f}, recall {host['recall']:.4f}")
            for show, truth in truths.items():
                host_clips = [judged.places[i][1:] for i in np.flatnonzero(sure) if judged.places[i][0] == show]
                cut = np.add(cut, accounts.cut_inside(host_clips, truth.spoken))
        if named:
            print(f"clips of the hosts, ends inside speech: {cut[0]} of {cut[1]}, {cut[0] / cut[1]:.4f}")
        hosts = {target["speaker"] for target in named}
        halves_of = halves(shows, args.truth, hosts, embedder)
        figures = np.array([judged.on_the_other_half(*speaker) for speaker in halves_of])
        for (name, _, _), (precision, recall) in zip(halves_of, figures, strict=True):
            print(f"  {name:<8} precision {precision:.3f}, recall {recall:.3f}")
        print(
            f"others as targets: mean precision {np.nanmean(figures[:, 0]):.4f}, mean recall {figures[:, 1].mean():.4f}"
        )
        known = {name for truth in truths.values() for name in np.unique(truth.speaker)} - {""}
        strangers = absent(args.data or args.truth.parent, known, embedder)
        for kind, vectors in strangers.items():
            accepted = [name for name, vector in vectors.items() if judged.sure(vector).any()]
            print(f"absent targets, {kind}: {len(vectors)}, of whom {len(accepted)} get confident clips: {accepted}")
        program("speaker", "--work", work, "--out", work / "speaker", "--voices", 2)
        for name, value in evaluate.labels_of(truths, timeline.read_labels(work, truths)).items():
            print(f"{name}: {value:.4f}")
        present = judged.voice[judged.clusters.of]
        most = [evaluate.nearest_speaker(truths, judged.kept(present == voice)) for voice in range(2)]
        print(f"the voices with most seconds: {most}")
        precision, recall, wrong = held_out.thresholds(judged, halves_of, strangers["acted, meetings"])
        print(f"constants held out, others: precision {precision:.4f}, recall {recall:.4f}; absent found: {wrong}")
        print(f"constants held out, speech or not: {held_out.speech(work, truths):.4f}")


if __name__ == "__main__":
    main()
