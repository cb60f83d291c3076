"""segment: label every moment as male, female, music, noise or noEnergy.

From both signals (Silero VAD and inaSpeechSegmenter's networks, see labels.py), or from one of them by
inaSpeechSegmenter alone. Writes one CSV per recording (labels,start,stop; seconds) and names it in the manifest; what
the spans rest on stands in the manifest as `evidence`: lists in the order of the spans.
"""

import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pipeline import audio, manifest, program, run
from stages import labels

STAGE = "segment"
FIELDS = ("labels", "start", "stop")
EVIDENCE = ("confidence", "male", "speech_to_background_db")
FRAMES = 2  # from patch to patch, 20 ms
EVERY = 8  # patches from one that is looked at to the next: 160 ms, four to a patch's width
SPARSE = 24  # for gender, which is one for a stretch of speech: 480 ms, less than the width of a patch
SURE = 0.35  # a stretch whose mean probability of a male voice is as near to 0.5 is looked at more closely


def load(engine: str, vad: str, gender: bool, exact: bool, threads: int, device: str):
    """The segmenter of an engine; its models are loaded once, for the whole shard."""
    if engine == "original":
        from stages.engines.segment_ina import Segmenter
    else:
        from stages.engines.segment_onnx import Segmenter
    return Segmenter(engine=vad, gender=gender, exact=exact, threads=threads, device=device)


def to_csv(spans: list) -> str:
    """Spans as CSV with clean decimals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows((span.label, f"{span.start:.2f}", f"{span.stop:.2f}") for span in spans)
    return text.getvalue()


def read_csv(path: Path) -> list[tuple[str, float, float]]:
    """(label, start, stop) of every span of a CSV of this stage."""
    with open(path, encoding="utf-8", newline="") as lines:
        return [(row["labels"], float(row["start"]), float(row["stop"])) for row in csv.DictReader(lines)]


class Signal:
    """One signal heard once: probability of speech and level of every frame, and what the networks need of it."""

    def __init__(self, path: Path, downmix: str, segmenter, vad):
        self.segmenter, self.levels, stream = segmenter, [], vad.stream()
        rest = np.zeros(0, np.float32)

        def passing() -> Iterator[np.ndarray]:
            nonlocal rest
            for block in audio.mono(audio.decode(path, segmenter.SAMPLE_RATE, 1, downmix=downmix, pcm16=True)):
                stream.push(block)
                level, rest = labels.levels(np.concatenate([rest, block]), segmenter.SAMPLE_RATE)
                self.levels.append(level)
                yield block

        self.heard = segmenter.hear(passing())
        self.level = np.concatenate(self.levels)
        self.probability = labels.at_frames(stream.probability(), stream.SECONDS, len(self.level))

    def posteriors(self, network: str, wanted: np.ndarray, every: int) -> dict[str, np.ndarray]:
        """The network's posteriors at every frame (n,), looked at where frames are `wanted`, 0 elsewhere.

        Every stretch of wanted frames is divided into equal parts of at most `every` patches, or of one where all
        patches are to be looked at, and a part is looked at in its middle.
        """
        longest = FRAMES * (1 if self.segmenter.exact else every)
        edges = [np.linspace(start, stop, 1 - (start - stop) // longest) for start, stop in labels.stretches(wanted)]
        patches = [np.round((one[1:] + one[:-1]) / (2 * FRAMES)).astype(int) for one in edges]
        found = self.segmenter.posteriors(self.heard, network, np.concatenate([np.zeros(0, int), *patches]))
        frames = [np.diff(np.round(one).astype(int)) for one in edges]
        lengths = np.concatenate([np.zeros(0, int), *frames])
        spread = {}
        for label, values in found.items():
            spread[label] = np.zeros(len(wanted), np.float32)
            spread[label][wanted] = np.repeat(values, lengths)
        return spread


def male_voice(vocals: Signal, speaking: np.ndarray) -> np.ndarray:
    """The probability of a male voice at every frame (n,) of those `speaking`, 0 elsewhere."""
    male = vocals.posteriors("gender", speaking, SPARSE)["male"]
    unsure = np.zeros(len(speaking), bool)
    for start, stop in labels.stretches(speaking):
        unsure[start:stop] = abs(male[start:stop].mean() - 0.5) < SURE
    return np.where(unsure, vocals.posteriors("gender", unsure, EVERY)["male"], male)


def label_both(row: dict, segmenter, vad, gender: bool, work: Path, threads: int) -> list[labels.Passage]:
    """The passages of a recording, from its mixture and its vocals, which are listened to at the same time."""
    paths = (work / row["mixture"], work / row["path"])
    with ThreadPoolExecutor(min(threads, len(paths))) as pool:
        mixture, vocals = pool.map(lambda path: Signal(path, row["downmix"], segmenter, vad), paths)
    frames = min(len(mixture.level), len(vocals.level))
    mixture_db, vocals_db = mixture.level[:frames], vocals.level[:frames]
    probability = (mixture.probability[:frames] + vocals.probability[:frames]) / 2
    speaking, quiet = labels.speech(probability, vocals_db), labels.silent(mixture_db)
    activity = mixture.posteriors("activity", ~speaking, EVERY)
    music = labels.log_odds(activity["music"], activity.get("noise", np.zeros(frames)))
    male = male_voice(vocals, speaking) if gender else None
    label = labels.backgrounds(speaking, quiet, music)
    return labels.passages(label, probability, music, male, vocals_db, mixture_db)


def process(
    rows: list[dict], segmenter, vad, source: str, gender: bool, out: Path, work: Path, threads: int
) -> run.Outcome:
    """Segment one recording: its row points to the CSV, keeps the vocals' path as `vocals`, and sums up labels."""
    (row,) = rows
    if source == "both":
        spans = label_both(row, segmenter, vad, gender, work, threads)
    else:
        path = work / row["mixture" if source == "mixture" else "path"]
        blocks = audio.decode(path, segmenter.SAMPLE_RATE, 1, downmix=row["downmix"], pcm16=True)
        spans = segmenter.segment(audio.mono(blocks))
    table = out / f"{row['id']}.csv"
    manifest.write_text(table, to_csv(spans))
    seconds: dict[str, float] = {}
    for span in spans:
        seconds[span.label] = round(seconds.get(span.label, 0.0) + span.stop - span.start, 2)
    made = row | {
        "parent_id": row["id"],
        "path": program.relative(table, work),
        "vocals": row["path"],
        "label_seconds": seconds,
    }
    if source == "both":
        made["evidence"] = {name: [_rounded(getattr(span, name)) for span in spans] for name in EVIDENCE}
    return [made], []


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def main() -> None:
    parser = program.parser(__doc__)
    program.add_model_flags(parser)
    parser.add_argument("--source", choices=("both", "vocals", "mixture"), default="vocals", help="what is listened to")
    parser.add_argument("--vad", choices=("smn", "sm"), default="smn", help="speech, music, noise; or speech, music")
    parser.add_argument("--no-gender", action="store_true", help="label speech as speech, not as male and female")
    parser.add_argument("--exact", action="store_true", help="evaluate every 20 ms, not only where something changes")
    args = parser.parse_args()
    segmenter = load(args.engine, args.vad, not args.no_gender, args.exact, args.threads, args.device)
    vad = None
    if args.source == "both":
        from stages.engines.vad_silero import Vad

        vad = Vad(args.device)

    def one(rows: list[dict]) -> run.Outcome:
        return process(rows, segmenter, vad, args.source, not args.no_gender, args.out, args.work, args.threads)

    inputs = manifest.read(args.manifest)
    run.run_shard(STAGE, inputs, args.out, one, program.settings(args), args.max_failed_fraction)


if __name__ == "__main__":
    program.run(main)
