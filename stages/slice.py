"""slice: cut clips of one voice out of the vocals, at pauses, never inside a word.

In words: take the spans with the chosen labels; inside them find utterances, the stretches between pauses; divide
those in which the voice changes; join neighbours of one voice over short pauses; split what is too long at its
deepest pause; drop what is still too short. All that is not in a clip is listed in the rejects, so that the seconds
add up.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

from pipeline import audio, manifest, program, run
from stages import turns
from stages.segment import read_csv
from stages.turns import Utterance

STAGE = "slice"
HOP = 441  # samples at 44.1 kHz in a frame of 10 ms: times are whole frames, exact in seconds and in samples
FRAMES_PER_SECOND = audio.WORK_RATE // HOP
REACH = 30  # frames that a label's border may be off
CLIPS_AT_ONCE = 64
PIECE = 3000  # frames whose levels are taken at once
GAP = 12  # frames: the shortest pause at which another voice may begin; closures within words are shorter
PAUSE_DROP_DB = 42.0  # a pause lies this far below the loud parts of its span
SILENCE_DB = -75.0
REASONS = {"noEnergy": "no_energy", "pause": "pause", "short": "too_short"}


def levels(blocks: Iterator[np.ndarray]) -> np.ndarray:
    """RMS level in dBFS of every whole 10 ms frame of a signal at 44.1 kHz, given in blocks (n,)."""
    found, rest = [], np.zeros(0, np.float32)
    for block in blocks:
        signal = np.concatenate([rest, block])
        whole = len(signal) // HOP
        power = np.mean(signal[: whole * HOP].reshape(whole, HOP).astype(np.float64) ** 2, axis=1)
        found.append(10 * np.log10(np.maximum(power, 1e-12)))
        rest = signal[whole * HOP :]
    return np.concatenate(found) if found else np.zeros(0)


def chosen_spans(spans: list[tuple[str, float, float]], labels: list[str], level: np.ndarray) -> list[Utterance]:
    """The spans with a chosen label, in frames; where two of them touch, the border is the quietest frame near it."""
    found: list[Utterance] = []
    for label, start, stop in spans:
        start, stop = (min(round(time * FRAMES_PER_SECOND), len(level)) for time in (start, stop))
        if label not in labels or stop <= start:
            continue
        if found and found[-1].stop == start:
            border = quietest(level, max(found[-1].start, start - REACH), min(stop, start + REACH + 1))
            found[-1], start = replace(found[-1], stop=border), border
        found.append(Utterance(start, stop, label))
    return [span for span in found if span.stop > span.start]


def pause_level(level: np.ndarray) -> float:
    """The level in dBFS below which a stretch of speech with these frame levels pauses."""
    return max(np.percentile(level, 95) - PAUSE_DROP_DB, SILENCE_DB)


def quietest(level: np.ndarray, start: int, stop: int, last: bool = False) -> int:
    """The frame of lowest level in start..stop, smoothed over 30 ms; of equals the first, or the last."""
    if stop - start < 2:
        return start
    wide = np.pad(level[start:stop], 1, mode="edge")
    smooth = wide[:-2] + wide[1:-1] + wide[2:]
    return stop - 1 - int(np.argmin(smooth[::-1])) if last else start + int(np.argmin(smooth))


def utterances(span: Utterance, level: np.ndarray) -> list[Utterance]:
    """The stretches of a span between its pauses, even short ones: `turns` puts together what one voice says."""
    inside = level[span.start : span.stop]
    loud = np.flatnonzero(inside > pause_level(inside))
    if not len(loud):
        return []
    gaps = np.flatnonzero(np.diff(loud) > GAP)
    starts = loud[np.concatenate([[0], gaps + 1])]
    stops = loud[np.concatenate([gaps, [len(loud) - 1]])] + 1
    return [Utterance(span.start + int(a), span.start + int(b), span.label) for a, b in zip(starts, stops, strict=True)]


def split_long(part: Utterance, level: np.ndarray, shortest: int, longest: int) -> list[Utterance]:
    """Split a part longer than `longest` at its quietest frame that leaves both sides at least `shortest`."""
    if part.stop - part.start <= longest:
        return [part]
    cut = quietest(level, part.start + shortest, part.stop - shortest)
    halves = (replace(part, stop=cut), replace(part, start=cut))
    return [piece for half in halves for piece in split_long(half, level, shortest, longest)]


def pad(parts: list[Utterance], level: np.ndarray, padding: int) -> list[Utterance]:
    """Widen every part by up to `padding` frames, to at most the middle of a gap, ending on a quiet frame."""
    padded = []
    for i, part in enumerate(parts):
        before = parts[i - 1].stop if i else 0
        after = parts[i + 1].start if i + 1 < len(parts) else len(level)
        earliest = max(part.start - padding, (before + part.start + 1) // 2)
        latest = min(part.stop + padding, (part.stop + after) // 2)
        start = quietest(level, earliest, part.start + 1)
        stop = quietest(level, part.stop, min(latest + 1, len(level)), last=True)
        padded.append(replace(part, start=min(start, part.start), stop=max(stop, part.stop)))
    return padded


def plan(
    spans: list[tuple[str, float, float]],
    level: np.ndarray,
    labels: list[str],
    seconds: dict[str, float],
    embed: Callable[[list[Utterance]], list],
) -> list[Utterance]:
    """The clips of a recording, in frames: sorted, disjoint, none shorter than min or longer than max seconds.

    `seconds` has min, max, padding, merge and pause; `embed` gives the voices of utterances, as turns.divide has it.
    """
    frames = {name: round(value * FRAMES_PER_SECOND) for name, value in seconds.items()}
    room = frames["max"] - 2 * frames["padding"]
    parts = [part for span in chosen_spans(spans, labels, level) for part in utterances(span, level)]
    parts = turns.divide(parts, embed, lambda start, stop: quietest(level, start, stop))
    parts = turns.join(parts, frames["min"], room, frames["pause"], frames["merge"])
    parts = [piece for part in parts for piece in split_long(part, level, frames["min"], room)]
    parts = pad(parts, level, frames["padding"])
    return [part for part in parts if part.frames >= frames["min"]]


def leftovers(
    clips: list[Utterance], spans: list[tuple[str, float, float]], labels: list[str], duration: float
) -> list[tuple[str, float, float]]:
    """(reason, start, end) of all that is in no clip: the label, or too_short for speech of a chosen label."""
    edges = [0.0, *(t / FRAMES_PER_SECOND for clip in clips for t in (clip.start, clip.stop)), duration]
    found: list[tuple[str, float, float]] = []
    for gap_start, gap_stop in zip(edges[::2], edges[1::2], strict=True):
        for i, (label, start, stop) in enumerate(spans):
            start = max(start if i else 0.0, gap_start)
            stop = min(stop if i + 1 < len(spans) else duration, gap_stop)
            if stop <= start:
                continue
            reason = "too_short" if label in labels else REASONS.get(label, label)
            if found and found[-1][0] == reason and found[-1][2] == start:
                start = found.pop()[1]
            found.append((reason, start, stop))
    return found


def evidence_of(start: float, end: float, spans: list[tuple[str, float, float]], evidence: dict) -> dict:
    """What the spans under a clip rest on: {name: mean weighted by seconds}, without what no span tells."""
    found = {}
    for name in ("male", "speech_to_background_db"):
        weighed = [
            (min(stop, end) - max(begin, start), value)
            for (_, begin, stop), value in zip(spans, evidence[name], strict=True)
            if value is not None and min(stop, end) > max(begin, start)
        ]
        if weighed:
            found[name] = round(sum(w * value for w, value in weighed) / sum(w for w, _ in weighed), 3)
    return found


def process(
    rows: list[dict], embedder, out: Path, work: Path, labels: list[str], seconds: dict[str, float]
) -> run.Outcome:
    """Cut one recording into clips, written as float WAV, mono, 44.1 kHz."""
    (row,) = rows
    audio.check_there(work / row["path"])
    spans = read_csv(work / row["path"])
    vocals = work / row["vocals"]
    audio.check_there(vocals)

    def sound(part: Utterance) -> np.ndarray:
        return audio.to_mono(audio.read(vocals, part.start * HOP, part.stop * HOP), row["downmix"])

    def heard(part: Utterance) -> np.ndarray:
        return audio.resample(sound(part), audio.WORK_RATE, embedder.SAMPLE_RATE)

    with ThreadPoolExecutor(embedder.threads) as pool:

        def embed(parts: list[Utterance]) -> list:
            found = []
            for first in range(0, len(parts), CLIPS_AT_ONCE):
                found += embedder.embed(list(pool.map(heard, parts[first : first + CLIPS_AT_ONCE])))
            return found

        frames = round(row["duration"] * audio.WORK_RATE) // HOP
        pieces = [Utterance(at, min(at + PIECE, frames), "") for at in range(0, frames, PIECE)]
        level = np.concatenate([np.zeros(0), *pool.map(lambda piece: levels(iter([sound(piece)])), pieces)])
        clips = plan(spans, level, labels, seconds, embed)
    if not clips:
        message = f"No clip of {' or '.join(labels)} of at least {seconds['min']:g} s."
        return [], [manifest.reject(row, STAGE, "no_speech", message)]
    made = []
    for i, clip in enumerate(clips):
        name = f"{row['id']}_{i:06d}"
        path = out / row["id"] / f"{name}.wav"
        with audio.writing(path, audio.WORK_RATE, 1, "FLOAT") as wav:
            wav.write(sound(clip))
        start, end = clip.start / FRAMES_PER_SECOND, clip.stop / FRAMES_PER_SECOND
        place = {"path": program.relative(path, work), "start": start, "end": end, "duration": round(end - start, 6)}
        common = {key: row[key] for key in ("schema", "recording_id", "source", "sample_rate")}
        told = evidence_of(start, end, spans, row["evidence"]) if "evidence" in row else {}
        made.append(common | place | told | {"id": name, "parent_id": row["id"], "channels": 1, "label": clip.label})
    rejects = [
        manifest.reject(row, STAGE, reason, f"In no clip: {reason}.", (f"{row['id']}_d{i:06d}", start, end))
        for i, (reason, start, end) in enumerate(leftovers(clips, spans, labels, row["duration"]))
    ]
    return made, rejects


def main() -> None:
    from pipeline.config import Label

    parser = program.parser(__doc__)
    parser.add_argument(
        "--label", choices=get_args(Label), action="append", dest="labels", help="what clips hold; repeatable"
    )
    parser.add_argument("--min-seconds", type=program.positive, default=1.5, help="shortest clip")
    parser.add_argument("--max-seconds", type=program.positive, default=12.0, help="longest clip")
    parser.add_argument("--padding-seconds", type=float, default=0.03, help="kept before and after the speech")
    parser.add_argument("--pause-seconds", type=program.positive, default=0.6, help="a longer pause ends a clip")
    parser.add_argument("--merge-seconds", type=float, default=1.0, help="pause over which too short utterances join")
    parser.add_argument("--threads", type=int, default=2, help="cores to use")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the model runs")
    args = parser.parse_args()
    if args.max_seconds - 2 * args.padding_seconds < 2 * args.min_seconds:
        parser.error("--max-seconds, less the padding at both ends, must be at least twice --min-seconds")
    args.labels = args.labels or ["male", "female"]
    seconds = {name: getattr(args, f"{name}_seconds") for name in ("min", "max", "padding", "merge", "pause")}
    from stages.engines.embed_onnx import Embedder

    embedder = Embedder(threads=args.threads, device=args.device)

    def one(rows: list[dict]) -> run.Outcome:
        return process(rows, embedder, args.out, args.work, args.labels, seconds)

    inputs = manifest.read(args.manifest)
    run.run_shard(STAGE, inputs, args.out, one, program.settings(args), args.max_failed_fraction)


if __name__ == "__main__":
    program.run(main)
