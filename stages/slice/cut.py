"""Where to cut: clips of one voice, at pauses, never inside a word. Pure functions on levels and spans.

In words: take the spans with the chosen labels; inside them find utterances, the stretches between pauses; divide
those in which the voice changes; join neighbours of one voice over short pauses; split what is too long at its
deepest pause; drop what is still too short. All that is not in a clip is a leftover with a reason, so that the
seconds add up.
"""

from bisect import bisect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import groupby

import numpy as np

from pipeline.levels import FRAMES_PER_SECOND
from stages.slice import turns
from stages.slice.turns import Utterance

REACH = 30  # frames that a label's border may be off
GAP = 12  # frames: the shortest pause at which another voice may begin; stop closures within words are shorter
PAUSE_DROP_DB = 42.0  # a pause lies this far below the loud parts of its span
SILENCE_DB = -75.0
MISSING = "gap"  # what the recording's time stamps leave out; the reject's reason too
REASONS = {"noEnergy": "no_energy", "pause": "pause", "short": "too_short"}


def chosen_spans(spans: list[tuple[str, float, float]], labels: list[str], level: np.ndarray) -> list[Utterance]:
    """The spans with a chosen label, in frames; where two of them touch, the border is the quietest frame near it."""
    chosen: list[Utterance] = []
    for label, start, stop in spans:
        start, stop = (min(round(time * FRAMES_PER_SECOND), len(level)) for time in (start, stop))
        if label not in labels or stop <= start:
            continue
        if chosen and chosen[-1].stop == start:
            border = quietest(level, max(chosen[-1].start, start - REACH), min(stop, start + REACH + 1))
            chosen[-1], start = replace(chosen[-1], stop=border), border
        chosen.append(Utterance(start, stop, label))
    return [span for span in chosen if span.stop > span.start]


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


def with_gaps(spans: list[tuple[str, float, float]], gaps: list[list[float]]) -> list[tuple[str, float, float]]:
    """The spans of a recording, and in place of what the recording's time stamps leave out a span `gap`."""
    for start, end in gaps:
        before = [(label, first, min(stop, start)) for label, first, stop in spans if first < start]
        after = [(label, max(first, end), stop) for label, first, stop in spans if stop > end]
        spans = [*before, (MISSING, start, end), *after]
    return spans


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
    divide: Callable[[Utterance, np.ndarray], list[Utterance]] = utterances,
) -> list[Utterance]:
    """The clips of a recording, in frames: sorted, disjoint, none shorter than min or longer than max seconds.

    `seconds` has min, max, padding, merge and pause; `embed` gives the voices of utterances, as turns.divide has it;
    `divide(span, level)` takes a span apart at its pauses.
    """
    frames = {name: round(value * FRAMES_PER_SECOND) for name, value in seconds.items()}
    room = frames["max"] - 2 * frames["padding"]
    parts = [part for span in chosen_spans(spans, labels, level) for part in divide(span, level)]
    parts = turns.divide(parts, embed, lambda start, stop: quietest(level, start, stop))
    missing = [round(start * FRAMES_PER_SECOND) for label, start, _ in spans if label == MISSING]
    islands = groupby(parts, key=lambda part: bisect(missing, part.start))  # nothing is joined across a gap
    join = partial(turns.join, shortest=frames["min"], longest=room, pause=frames["pause"], reach=frames["merge"])
    parts = [part for _, island in islands for part in join(list(island))]
    parts = [piece for part in parts for piece in split_long(part, level, frames["min"], room)]
    parts = pad(parts, level, frames["padding"])
    return [part for part in parts if part.frames >= frames["min"]]


def leftovers(
    clips: list[Utterance], spans: list[tuple[str, float, float]], labels: list[str], duration: float
) -> list[tuple[str, float, float]]:
    """(reason, start, end) of all that is in no clip: the label, or too_short for speech of a chosen label."""
    edges = [0.0, *(t / FRAMES_PER_SECOND for clip in clips for t in (clip.start, clip.stop)), duration]
    left: list[tuple[str, float, float]] = []
    for gap_start, gap_stop in zip(edges[::2], edges[1::2], strict=True):
        for i, (label, start, stop) in enumerate(spans):
            start = max(start if i else 0.0, gap_start)
            stop = min(stop if i + 1 < len(spans) else duration, gap_stop)
            if stop <= start:
                continue
            reason = "too_short" if label in labels else REASONS.get(label, label)
            if left and left[-1][0] == reason and left[-1][2] == start:
                start = left.pop()[1]
            left.append((reason, start, stop))
    return left


def evidence_of(start: float, end: float, spans: list[tuple[str, float, float]], evidence: dict) -> dict:
    """The evidence of the spans under a clip: {name: mean weighted by seconds}, without names that no span has."""
    means = {}
    for name in ("male", "speech_to_background_db"):
        weighed = [
            (min(stop, end) - max(begin, start), value)
            for (_, begin, stop), value in zip(spans, evidence[name], strict=True)
            if value is not None and min(stop, end) > max(begin, start)
        ]
        if weighed:
            means[name] = round(sum(w * value for w, value in weighed) / sum(w for w, _ in weighed), 3)
    return means
