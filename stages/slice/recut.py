"""Clips as people cut them anew: pure functions on the frames of a recording's clips.

A clip that a person gave other ends, took in two or joined with the next replaces those that were planned. What comes
free between clips is a leftover like any other, so the seconds add up.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import replace

from pipeline.texts import SAME_PLACE, overlap
from stages.slice.cut import FRAMES_PER_SECOND
from stages.slice.turns import Utterance

LEAST = 10  # frames of a clip that a person may ask for
Span = tuple[float, float]  # seconds
Made = tuple[Utterance, list[str]]  # a clip, and the ids of the decisions that made it so


def apply(parts: list[Utterance], cuts: Iterable[dict], frames: int) -> list[Made]:
    """The clips of a recording of so many frames after a person's cuts, in order and disjoint.

    cuts: decisions with id, kind, places (of this recording alone) and times, earliest first. Of two that cannot both
    be, as two on one clip that was not cut anew in between, the later counts. One that fits no clip changes nothing,
    nor does one that leaves a clip shorter than LEAST.
    """
    made: list[Made] = [(part, []) for part in parts]
    standing: list[dict] = []
    for decision in cuts:
        cut, apart = _cut(made, decision, frames), standing
        if cut is None:
            apart = [earlier for earlier in standing if not _meet(earlier, decision)]
            cut = _cut(apply(parts, apart, frames), decision, frames) if len(apart) < len(standing) else None
        if cut is not None:
            made, standing = cut, [*apart, decision]
    return made


def _cut(made: list[Made], decision: dict, frames: int) -> list[Made] | None:
    """The clips after one decision, None where it fits none."""
    ((_, places),) = decision["places"].items()
    share = _covered if decision["kind"] == "join" else overlap  # what is joined may have been joined before
    found = [_at(made, place, share) for place in places]
    if None in found:
        return None
    number, times = found[0], [round(time * FRAMES_PER_SECOND) for time in decision["times"]]
    part, ids = made[number]
    before = made[number - 1][0].stop if number else 0
    after = made[number + 1][0].start if number + 1 < len(made) else frames
    pieces: list[Utterance] = []
    if decision["kind"] == "retime":
        pieces = [replace(part, start=max(times[0], before), stop=min(times[1], after))]
    elif decision["kind"] == "split":
        pieces = [replace(part, stop=times[0]), replace(part, start=times[0])]
    elif found[1:] == [number + 1]:
        following, more = made[number + 1]
        pieces, ids = [replace(part, stop=following.stop)], [*ids, *more]
    if not pieces or any(piece.stop - piece.start < LEAST for piece in pieces):
        return None
    return [*made[:number], *((piece, [*ids, decision["id"]]) for piece in pieces), *made[number + len(found) :]]


def _at(made: list[Made], place: Span, share: Callable[[Span, Span], float]) -> int | None:
    """The number of the clip at a place, None where there is none. share: of the clip and the place, 0 to 1."""
    shares = {}
    for number in range(bisect_right(made, place[0] * FRAMES_PER_SECOND, key=lambda clip: clip[0].stop), len(made)):
        start, end = (frame / FRAMES_PER_SECOND for frame in (made[number][0].start, made[number][0].stop))
        if start >= place[1]:
            break
        shares[number] = share((start, end), tuple(place))
    best = max(shares, key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= SAME_PLACE else None


def _covered(clip: Span, place: Span) -> float:
    """The share of a place that lies in a clip."""
    return max(min(clip[1], place[1]) - max(clip[0], place[0]), 0.0) / max(place[1] - place[0], 1e-6)


def _meet(first: dict, second: dict) -> bool:
    """Whether two decisions are about places that share time."""
    spans, others = ([span for of_one in one["places"].values() for span in of_one] for one in (first, second))
    return any(start < other_end and other_start < end for start, end in spans for other_start, other_end in others)
