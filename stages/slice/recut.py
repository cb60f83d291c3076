"""Clips as people cut them anew: pure functions on the frames of a recording's clips.

A clip that a person gave other ends, took in two or joined with the next replaces those that were planned. What comes
free between clips is a leftover like any other, so the seconds add up.
"""

from collections.abc import Iterable
from dataclasses import replace

from pipeline.texts import SAME_PLACE, overlap
from stages.slice.cut import FRAMES_PER_SECOND
from stages.slice.turns import Utterance

LEAST = 10  # frames of a clip that a person may ask for
Made = tuple[Utterance, list[str]]  # a clip, and the ids of the decisions that made it so


def apply(parts: list[Utterance], cuts: Iterable[dict], frames: int) -> list[Made]:
    """The clips of a recording of so many frames after a person's cuts, in order and disjoint.

    cuts: decisions with id, kind, places (of this recording alone) and times, earliest first. One that fits no clip
    changes nothing, nor does one that leaves a clip shorter than LEAST.
    """
    made: list[Made] = [(part, []) for part in parts]
    for decision in cuts:
        ((_, places),) = decision["places"].items()
        found = [_at(made, place) for place in places]
        if None in found:
            continue
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
        if pieces and all(piece.stop - piece.start >= LEAST for piece in pieces):
            made[number : number + len(found)] = [(piece, [*ids, decision["id"]]) for piece in pieces]
    return made


def _at(made: list[Made], place: tuple[float, float]) -> int | None:
    """The number of the clip at a place, None where there is none."""
    shares = [
        overlap((part.start / FRAMES_PER_SECOND, part.stop / FRAMES_PER_SECOND), tuple(place)) for part, _ in made
    ]
    best = max(range(len(made)), key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= SAME_PLACE else None
