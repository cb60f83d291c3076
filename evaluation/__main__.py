"""Compare a corpus with recordings whose timeline is known: how pure, how complete, how well labelled it is.

    python -m evaluation --truth DIR --corpus corpus --work work

DIR has NAME.csv for a recording NAME.mp3 (or other suffix): start,end,label,speaker,gender with labels speech, music,
noise and silence; rows cover the recording. evaluation/purity.py has the definitions. Where gender is decided per
voice (work/speaker/voices.jsonl), a clip's frames of speech take the gender of its voice. With --texts TABLE (columns
source,language,text; `source` as in the timelines) the clips' texts are held against what is said.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from evaluation import accounts, purity, spoken, timeline
from evaluation.purity import CLASSES
from evaluation.timeline import FRAMES, Truth
from pipeline import entry
from pipeline.errors import ConfigError


def report(truths: dict[str, Truth], corpus: Path, work: Path, table: Path | None = None) -> str:
    """All tables as text; table: a stems.csv, which need not exist."""
    head = f"{'speaker':<24}{'kept s':>9}{'precision':>11}{'others':>9}{'background':>12}{'recall':>9}{'cut':>8}"
    lines = [head]
    known = {name for truth in truths.values() for name in np.unique(truth.speaker)} - {""}
    clips, losses, lost = timeline.read_clips(corpus), accounts.read_losses(work), []
    for speaker, kept in sorted(timeline.kept_frames(corpus).items()):
        name = speaker if speaker in known else purity.nearest_speaker(truths, kept)
        if not name:
            lines.append(f"{speaker:<24} nobody speaks in what was kept")
            continue
        shown = speaker if speaker == name else f"{speaker} (is {name})"
        figures = purity.purity(truths, kept, name)
        cut = purity.cut_share(truths, [row for row in clips if row["speaker"] == speaker])
        lines.append(
            f"{shown:<24}{figures['kept_s']:>9.1f}{figures['precision']:>11.4f}{figures['others']:>9.4f}"
            f"{figures['background']:>12.4f}{figures['recall']:>9.4f}{cut:>8.4f}"
        )
        steps: Counter = Counter()
        for stem, truth in truths.items():
            mask = kept.get(stem, np.zeros(0, bool))
            steps += accounts.lost(truth.speaker, mask, losses.get(stem, []), name, FRAMES)
        lost += ["", f"seconds of {name} by the step that lost them"]
        lost += [f"  {step:<32}{frames / FRAMES:>9.2f}" for step, frames in steps.most_common()]
    lines += lost
    labels = timeline.read_labels(work, truths)
    if labels:
        lines += ["", "labels, share of frames right"]
        lines += [f"  {name:<22}{value:.4f}" for name, value in purity.labels_of(truths, labels).items()]
        lines += [
            "",
            "seconds of truth (down) by label (across)",
            " " * 10 + "".join(f"{name:>10}" for name in CLASSES),
        ]
        for name, counts in accounts.confusion(*purity.labelled(truths, labels), CLASSES).items():
            lines.append(f"{name:<10}" + "".join(f"{frames / FRAMES:>10.1f}" for frames in counts.values()))
    if table and table.is_file():
        lines += ["", "speech over music, SI-SDR in dB: mixture, vocals"]
        lines += [f"  {snr:<10}{was:>8.1f}{is_:>8.1f}" for snr, (was, is_) in accounts.stems(table, work).items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--truth", type=Path, required=True, help="folder of timeline CSVs, one per recording")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"), help="corpus folder with clips.csv")
    parser.add_argument("--work", type=Path, default=Path("work"), help="work folder, for the labels' accuracy")
    parser.add_argument("--texts", type=Path, help="CSV source,language,text: what is said in the timelines' sources")
    args = parser.parse_args()
    tables = {stem: args.truth / f"{stem}.csv" for stem in sorted(timeline.recordings(args.corpus))}
    truths = {stem: timeline.read_truth(path) for stem, path in tables.items() if path.is_file()}
    if not args.truth.is_dir():
        raise ConfigError(f"evaluate: {args.truth} is no folder: --truth names the one with the timelines.")
    if not truths:
        raise ConfigError(f"evaluate: no CSV in {args.truth} has the name of a recording of {args.corpus}.")
    if apart := sorted(set(tables) - set(truths)):
        print(f"not evaluated, for want of a timeline: {', '.join(apart)}\n")
    print(report(truths, args.corpus, args.work, args.truth / "stems.csv"))
    if args.texts:
        print("\n" + spoken.report(spoken.of_work(args.work, args.truth, args.texts)))


if __name__ == "__main__":
    entry.run(main)
