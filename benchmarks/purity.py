"""How pure the corpora of recordings with a known timeline are: the figures of docs/purity.md.

    python -m benchmarks.purity ../shared/data/radio [--data ../shared/data] [--work FOLDER]

Runs the stages with default settings (FOLDER keeps their results), then scores four cases: the hosts, by their
reference clips, where there is a targets.csv; every other speaker with 25 s or more, by a reference from half of their
utterances, scored on the other half; people of the data folder who are in no recording; no reference at all. Then the
constants of labels and of voices are chosen again without the show, or the speakers, that they are scored on.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import held_out
from benchmarks.people import absent, halves, shows_of, sound
from engines import resemblyzer
from evaluation import accounts, purity, timeline
from pipeline import manifest
from stages.speaker import __main__ as speaker
from stages.speaker import clusters, threshold, voices

STAGES = ("separate", "segment", "slice", "filter", "normalize", "embed")


def program(stage: str, work: Path, *flags: str) -> None:
    """Run a stage with its default settings, but for `flags`."""
    command = [sys.executable, "-m", f"stages.{stage}", f"--work={work}", *flags]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def run_stages(files: list[Path], work: Path) -> None:
    """The clips of the recordings, embedded; stages that have run already are left as they are."""
    if not (work / "index/shards.json").exists():
        program("index", work, f"--input={json.dumps([str(path) for path in files])}")
    for stage in STAGES:
        for shard in manifest.shards(work):
            if not manifest.of_shard(work, stage, shard).exists():
                program(stage, work, f"--shard={shard}")


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

    def recordings(self) -> dict[str, str]:
        """The SHA-256 of every show."""
        numbers = dict(zip(self.clips.recording.tolist(), (self.places[row][0] for row in self.clips.row), strict=True))
        return {show: self.clips.sha256[number] for number, show in numbers.items()}

    def kept(self, chosen: np.ndarray, wider: dict[int, tuple[float, float]] | None = None) -> dict[str, np.ndarray]:
        """Frames of the chosen clips, by recording. wider: the ends of clips that have others than their places'."""
        frames = {show: np.zeros(len(truth.speaker), bool) for show, truth in self.truths.items()}
        for i in np.flatnonzero(chosen):
            show, start, end = self.places[i]
            start, end = (wider or {}).get(i, (start, end))
            frames[show][timeline.frame(start) : timeline.frame(end)] = True
        return frames

    def on_the_other_half(self, name: str, vector: np.ndarray, rows: list) -> tuple[float, float]:
        """Precision (NaN where nothing is kept) and recall of what is surely a vector's, as `scored` has it."""
        return self.scored(self.sure(vector), name, rows)

    def scored(self, sure: np.ndarray, name: str, rows: list) -> tuple[float, float]:
        """The same of any clips, (clips,) bool, without the reference's rows and clips."""
        known = np.array([within(place, rows) for place in self.places])
        kept, left_out = self.kept(sure & ~known), self.kept(known)
        own = counted = total = 0
        for show, truth in self.truths.items():
            scored = ~left_out[show]
            for where, start, end in rows:
                if where == show:
                    scored[timeline.frame(start) : timeline.frame(end)] = False
            mask = kept[show] & scored & ~purity.neutral(truth.speaker, name)
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
    parser.add_argument("--data", type=Path, help="folder with emotion/, conversation/, noisy_clean/: TRUTH/..")
    parser.add_argument("--work", type=Path, help="folder for what the stages make; a temporary one by default")
    args = parser.parse_args()
    shows = shows_of(args.truth)
    truths = shows.truths
    with tempfile.TemporaryDirectory() as folder:
        work = args.work or Path(folder)
        run_stages(list(shows.files.values()), work)
        embedder, judged = resemblyzer.load("onnx", 2, "auto"), Judged(work, truths)
        cut = [0, 0]
        for target in shows.targets:
            sure = judged.sure(embedder.embed([sound(args.truth / target["reference"])])[0].vector)
            host = purity.purity(truths, judged.kept(sure), target["speaker"])
            print(f"host {target['speaker']}: precision {host['precision']:.4f}, recall {host['recall']:.4f}")
            for show, truth in truths.items():
                host_clips = [judged.places[i][1:] for i in np.flatnonzero(sure) if judged.places[i][0] == show]
                cut = np.add(cut, accounts.cut_inside(host_clips, truth.spoken))
        if shows.targets:
            print(f"clips of the hosts, ends inside speech: {cut[0]} of {cut[1]}, {cut[0] / cut[1]:.4f}")
        halves_of = halves(shows, embedder)
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
        program("speaker", work, "--voices=2")
        for name, value in purity.labels_of(truths, timeline.read_labels(work, truths)).items():
            print(f"{name}: {value:.4f}")
        present = judged.voice[judged.clusters.of]
        most = [purity.nearest_speaker(truths, judged.kept(present == voice)) for voice in range(2)]
        print(f"the voices with most seconds: {most}")
        precision, recall, wrong = held_out.thresholds(judged, halves_of, strangers["acted, meetings"])
        print(f"constants held out, others: precision {precision:.4f}, recall {recall:.4f}; absent found: {wrong}")
        print(f"constants held out, speech or not: {held_out.speech(work, truths):.4f}")


if __name__ == "__main__":
    main()
