"""segment: label every moment as male, female, music, noise or noEnergy.

Uses the mixture and the vocals (Silero VAD and inaSpeechSegmenter's networks, see labels.py), or one of them with
inaSpeechSegmenter alone. Writes one CSV per recording (labels,start,stop; seconds) and names it in the manifest, where
`evidence` holds the measurements behind the labels: lists in the order of the spans.
"""

from engines import ina, spans
from engines.protocols import Segmenter
from engines.silero.onnx import Vad
from pipeline import audio, entry, manifest, program, run
from pipeline.errors import Reject
from pipeline.program import Job
from pipeline.rows import Segmented, Separated
from stages.segment import hearing

STAGE = "segment"
SHORTEST = 0.025  # seconds that the networks' features look at
EVIDENCE = ("confidence", "male", "speech_to_background_db")


def process(rows: list[dict], job: Job, segmenter: Segmenter, vad: Vad | None) -> run.Outcome:
    """Segment one recording: its row points to the CSV, keeps the vocals' path as `vocals`, and sums up labels.

    Raises Reject where it is shorter than SHORTEST.
    """
    (row,) = rows
    settings = job.settings
    if row["duration"] < SHORTEST:
        raise Reject("too_short", f"The recording lasts {row['duration']:.6f} s, expected at least {SHORTEST} s.")
    if vad:
        passages = hearing.passages(row, job, segmenter, vad)
    else:
        path = job.work / row["mixture" if settings.source == "mixture" else "path"]
        passages = segmenter.segment(audio.decode_mono(path, segmenter.SAMPLE_RATE, row["downmix"], pcm16=True))
    table = job.out / f"{row['id']}.csv"
    manifest.write_text(table, spans.to_csv(passages))
    seconds: dict[str, float] = {}
    for span in passages:
        seconds[span.label] = round(seconds.get(span.label, 0.0) + span.stop - span.start, 2)
    place = {"parent_id": row["id"], "path": job.relative(table), "vocals": row["path"]}
    segmented = row | place | {"label_seconds": seconds}
    if vad:
        segmented["evidence"] = {name: [_rounded(getattr(span, name)) for span in passages] for name in EVIDENCE}
    return [segmented], []


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def main() -> None:
    job = program.parse(STAGE, __doc__)
    s = job.settings
    segmenter = ina.load(s.engine, s.vad, s.gender, s.exact, s.threads, s.device)
    vad = Vad(s.device) if s.source == "both" else None
    run.run_shard(job, job.inputs(Separated), lambda rows: process(rows, job, segmenter, vad), Segmented)


if __name__ == "__main__":
    entry.run(main)
