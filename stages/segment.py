"""segment: label every moment as male, female, music, noise or noEnergy with inaSpeechSegmenter.

Writes one CSV per recording (labels,start,stop; seconds) and names it in the manifest.
"""

import csv
import io
from pathlib import Path

from pipeline import audio, manifest, program, run

STAGE = "segment"
FIELDS = ("labels", "start", "stop")


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


def process(rows: list[dict], segmenter, source: str, out: Path, work: Path) -> run.Outcome:
    """Segment one recording: its row points to the CSV, keeps the vocals' path as `vocals`, and sums up labels."""
    (row,) = rows
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
    return [made], []


def main() -> None:
    parser = program.parser(__doc__)
    program.add_model_flags(parser)
    parser.add_argument("--source", choices=("vocals", "mixture"), default="vocals", help="which sound is segmented")
    parser.add_argument("--vad", choices=("smn", "sm"), default="smn", help="speech, music, noise; or speech, music")
    parser.add_argument("--no-gender", action="store_true", help="label speech as speech, not as male and female")
    parser.add_argument("--exact", action="store_true", help="evaluate every 20 ms, not only where something changes")
    args = parser.parse_args()
    segmenter = load(args.engine, args.vad, not args.no_gender, args.exact, args.threads, args.device)

    def one(rows: list[dict]) -> run.Outcome:
        return process(rows, segmenter, args.source, args.out, args.work)

    inputs = manifest.read(args.manifest)
    run.run_shard(STAGE, inputs, args.out, one, program.settings(args), args.max_failed_fraction)


if __name__ == "__main__":
    program.run(main)
