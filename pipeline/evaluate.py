"""Hold a corpus against recordings whose timeline is known: how pure, how complete, how well labelled.

    python -m pipeline.evaluate --truth DIR --corpus corpus --work work

DIR has NAME.csv for a recording NAME.mp3 (or other suffix): start,end,label,speaker,gender with labels speech, music,
noise and silence; rows cover the recording. Definitions, on frames of 10 ms:
  kept       frames of the corpus's clips of one speaker
  neutral    non-speech of up to 1 s between two stretches of the speaker's own speech: counts neither way
  precision  share of kept frames, neutral ones aside, in which the speaker speaks; others and background likewise
  recall     share of the frames in which the speaker speaks that are kept
  cut        share of the clips' ends that lie more than 0.1 s inside a row of speech
With gender decided per voice (work/speaker/voices.jsonl), a clip's frames of speech have the gender of its voice.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from pipeline import accounts, timeline
from pipeline.errors import ConfigError
from pipeline.timeline import FRAMES, Truth

NEUTRAL_SECONDS = 1.0
CLASSES = ("male", "female", "music", "noise", "noEnergy")


def neutral(speaker: np.ndarray, name: str) -> np.ndarray:
    """Frames (bool) of pauses of up to a second between two stretches of `name`."""
    found = np.zeros(len(speaker), bool)
    spoken = np.flatnonzero(speaker != "")
    for before, after in zip(spoken, spoken[1:], strict=False):
        gap = after - before - 1
        if 0 < gap <= NEUTRAL_SECONDS * FRAMES and speaker[before] == speaker[after] == name:
            found[before + 1 : after] = True
    return found


def purity(truths: dict[str, Truth], kept: dict[str, np.ndarray], name: str) -> dict[str, float]:
    """Seconds kept, precision, shares of others and background, recall, for truth's speaker `name`."""
    own = others = background = total = 0
    for key, truth in truths.items():
        mask = kept.get(key, np.zeros(0, bool))
        mask = np.pad(mask, (0, max(0, len(truth.speaker) - len(mask))))[: len(truth.speaker)]
        mine = truth.speaker == name
        counted = mask & ~neutral(truth.speaker, name)
        own += np.sum(counted & mine)
        others += np.sum(counted & ~mine & (truth.speaker != ""))
        background += np.sum(counted & (truth.speaker == ""))
        total += np.sum(mine)
    seen = max(own + others + background, 1)
    return {
        "kept_s": sum(int(mask.sum()) for key, mask in kept.items() if key in truths) / FRAMES,
        "precision": own / seen,
        "others": others / seen,
        "background": background / seen,
        "recall": own / max(total, 1),
    }


def labelled(
    truths: dict[str, Truth], found: dict[str, list[tuple[str, float, float]]]
) -> tuple[np.ndarray, np.ndarray]:
    """The class of every frame in truth and as found, (frames,) each."""
    true, said = [], []
    for key, spans in found.items():
        label = np.full(len(truths[key].label), "noEnergy", object)
        for name, start, stop in spans:
            label[timeline.frame(start) : timeline.frame(stop)] = name
        true.append(truths[key].label)
        said.append(label)
    return np.concatenate(true), np.concatenate(said)


def labels_of(truths: dict[str, Truth], found: dict[str, list[tuple[str, float, float]]]) -> dict[str, float]:
    """Frame accuracies of the segmentation: five classes, speech or not, gender where speech was found."""
    true, said = labelled(truths, found)
    voices = ("male", "female", "speech")
    is_speech, said_speech = np.isin(true, voices), np.isin(said, voices)
    figures = {"five_classes": np.mean(true == said), "speech_or_not": np.mean(is_speech == said_speech)}
    for gender in ("male", "female"):
        both = said_speech & (true == gender)
        figures[f"gender_{gender}"] = np.mean(said[both] == gender) if both.any() else float("nan")
    return {name: float(value) for name, value in figures.items()}


def nearest_speaker(truths: dict[str, Truth], kept: dict[str, np.ndarray]) -> str:
    """The speaker of the truth who speaks most in the kept frames: whom a voice without a name stands for."""
    counts: Counter = Counter()
    for key, truth in truths.items():
        mask = kept.get(key, np.zeros(0, bool))[: len(truth.speaker)]
        counts.update(truth.speaker[: len(mask)][mask])
    counts.pop("", None)
    return counts.most_common(1)[0][0] if counts else ""


def cut_share(truths: dict[str, Truth], clips: list[dict]) -> float:
    """Share of the clips' ends that are cut."""
    cut = ends = 0
    for stem, truth in truths.items():
        mine = [(float(row["start"]), float(row["end"])) for row in clips if Path(row["source"]).stem == stem]
        inside, total = accounts.cut_inside(mine, truth.spoken)
        cut, ends = cut + inside, ends + total
    return cut / max(ends, 1)


def report(truths: dict[str, Truth], corpus: Path, work: Path, table: Path | None = None) -> str:
    """All tables as text; table: a stems.csv, which need not exist."""
    head = f"{'speaker':<24}{'kept s':>9}{'precision':>11}{'others':>9}{'background':>12}{'recall':>9}{'cut':>8}"
    lines = [head]
    known = {name for truth in truths.values() for name in np.unique(truth.speaker)} - {""}
    clips, losses, lost = timeline.read_clips(corpus), accounts.read_losses(work), []
    for speaker, kept in sorted(timeline.kept_frames(corpus).items()):
        name = speaker if speaker in known else nearest_speaker(truths, kept)
        if not name:
            lines.append(f"{speaker:<24} nobody speaks in what was kept")
            continue
        shown = speaker if speaker == name else f"{speaker} (is {name})"
        one = purity(truths, kept, name)
        cut = cut_share(truths, [row for row in clips if row["speaker"] == speaker])
        lines.append(
            f"{shown:<24}{one['kept_s']:>9.1f}{one['precision']:>11.4f}{one['others']:>9.4f}"
            f"{one['background']:>12.4f}{one['recall']:>9.4f}{cut:>8.4f}"
        )
        steps: Counter = Counter()
        for stem, truth in truths.items():
            mask = kept.get(stem, np.zeros(0, bool))
            steps += accounts.lost(truth.speaker, mask, losses.get(stem, []), name, FRAMES)
        lost += ["", f"seconds of {name} by the step that lost them"]
        lost += [f"  {step:<32}{frames / FRAMES:>9.2f}" for step, frames in steps.most_common()]
    lines += lost
    found = timeline.read_labels(work, truths)
    if found:
        lines += ["", "labels, share of frames right"]
        lines += [f"  {name:<22}{value:.4f}" for name, value in labels_of(truths, found).items()]
        lines += ["", "seconds of truth (down) by label (across)", " " * 10 + "".join(f"{one:>10}" for one in CLASSES)]
        for one, counts in accounts.confusion(*labelled(truths, found), CLASSES).items():
            lines.append(f"{one:<10}" + "".join(f"{frames / FRAMES:>10.1f}" for frames in counts.values()))
    if table and table.is_file():
        lines += ["", "speech over music, SI-SDR in dB: mixture, vocals"]
        lines += [f"  {snr:<10}{was:>8.1f}{is_:>8.1f}" for snr, (was, is_) in accounts.stems(table, work).items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--truth", type=Path, required=True, help="folder of timeline CSVs, one per recording")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"), help="corpus folder with clips.csv")
    parser.add_argument("--work", type=Path, default=Path("work"), help="work folder, for the labels' accuracy")
    args = parser.parse_args()
    tables = {stem: args.truth / f"{stem}.csv" for stem in sorted(timeline.recordings(args.corpus))}
    truths = {stem: timeline.read_truth(path) for stem, path in tables.items() if path.is_file()}
    if not args.truth.is_dir():
        raise ConfigError(f"evaluate: {args.truth} is no folder: --truth names the one with the timelines.")
    if not truths:
        raise ConfigError(f"evaluate: no CSV in {args.truth} has the name of a recording of {args.corpus}.")
    if apart := sorted(set(tables) - set(truths)):
        print(f"without a timeline, and so not looked at: {', '.join(apart)}\n")
    print(report(truths, args.corpus, args.work, args.truth / "stems.csv"))


if __name__ == "__main__":
    from pipeline import program

    program.run(main)
