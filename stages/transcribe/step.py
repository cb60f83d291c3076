"""Captions put in step with speech: when they are off as a whole, and whether they are this recording's at all."""

import random
from dataclasses import dataclass

import numpy as np

from stages.transcribe import shift, units
from stages.transcribe.align import Alignment, Crowded
from stages.transcribe.captions.cue import Cue
from stages.transcribe.islands import Islands

PACE = 0.18  # seconds a syllable, to begin with
TRIED = 100  # cues that the order is judged on
ORDERS = 15  # shuffled orders that the captions' own is held against
GAIN = 0.3  # nats a cue by which the captions' own order must be the likeliest
GAIN_MOVED = 1.5  # the same where they are off as a whole, of their order and of their place
FEW = 8  # cues; of fewer, each must tell more
IN_PLACE = 1.0  # seconds; captions that are off by less stand where they say
EVEN = 0.25  # spread of the logarithms of cues' lengths; where it is smaller, lengths say nothing about the order
# What times may have to be multiplied by, where a film was made faster for television, or slower -> shifts to try.
RATES = {1.0: None, 25 / 24: 1, 24 / 25: 1}
TAKEN = 0.6  # least share of cues that speech takes
ELSEWHERE = "their times fit nowhere to what is spoken: they seem to be of another recording"


@dataclass(frozen=True)
class Step:
    """Captions in step with speech, `shift` seconds later than they say; `refused`: why they are not, in a sentence.

    `rate`: what their times are multiplied by before.
    """

    shift: float
    alignment: Alignment | None
    refused: str | None = None
    rate: float = 1.0


def put(cues: list[Cue], islands: Islands) -> Step:
    """Find the shift, align, and judge whether the captions fit."""
    if not len(islands.start):
        return Step(0.0, None, "nobody speaks in the recording")
    try:
        return _judged(cues, islands)
    except Crowded:
        return Step(0.0, None, "they have more words at one time than anybody can say")


def _judged(cues: list[Cue], islands: Islands) -> Step:
    reachable = [cue for cue in cues if cue.start < islands.stop[-1] + shift.FARTHEST]
    if len(reachable) < TAKEN * len(cues):
        return Step(0.0, None, ELSEWHERE)
    best, totals = None, []
    for rate, tries in RATES.items():
        paced = [_at(cue, rate, 0.0) for cue in reachable]
        for by in shift.candidates(np.array([(cue.start, cue.end) for cue in paced]), islands)[:tries]:
            if moved := _moved(paced, by):
                attempt = _aligned(moved, islands, PACE)
                if rate != 1 and attempt.total < max(totals) + _enough(moved) * len(moved):
                    continue
                totals.append(attempt.total)
                if best is None or attempt.total > best[0].total:
                    best = attempt, rate, by, moved
    first, rate, by, moved = best
    alignment = _aligned(moved, islands, _aligned(moved, islands, first.pace_heard()).pace_heard())
    in_place = rate == 1 and abs(by) < IN_PLACE
    enough = GAIN if in_place else _enough(moved)
    totals.remove(first.total)
    apart = (first.total - max(totals)) / len(moved) if totals else enough
    if alignment.taken() < TAKEN or (apart < enough and not in_place):
        return Step(by, None, ELSEWHERE)
    order = order_gain(moved, islands, alignment.pace)
    if order is not None and order < enough:
        return Step(
            by, None, "the lengths of their texts do not fit to what is spoken: they seem to be in another order"
        )
    return Step(by, alignment, rate=rate)


def _enough(cues: list[Cue]) -> float:
    """Nats a cue by which cues that are not where they say must fit better than any other way."""
    return GAIN_MOVED * max(1.0, FEW / len(cues))


def order_gain(cues: list[Cue], islands: Islands, pace: float) -> float | None:
    """By how many nats a cue the texts fit better in their own order than in the best of some others.

    None where the order cannot be judged: three cues at least, of different lengths.
    """
    first = max(0, (len(cues) - TRIED) // 2)
    part = cues[first : first + TRIED]
    lengths = [units.syllables(cue.text) for cue in part]
    if len(part) < 3 or np.std(np.log(np.maximum(lengths, 0.3))) < EVEN:
        return None
    near = islands.near(part[0].start - 5, max(cue.end for cue in part) + 5)
    if not len(near.start):
        return None
    chance = random.Random(0)
    orders = [part[::-1], *(chance.sample(part, len(part)) for _ in range(ORDERS))]
    orders = [order for order in orders if order != part]
    others = [
        _aligned([cue._replace(text=other.text, words=()) for cue, other in zip(part, order, strict=True)], near, pace)
        for order in orders
    ]
    own = _aligned([cue._replace(words=()) for cue in part], near, pace)
    return (own.total - max(other.total for other in others)) / len(part)


def _moved(cues: list[Cue], by: float) -> list[Cue]:
    """Cues `by` seconds later, without those that would begin before the recording."""
    later = [_at(cue, 1.0, by) for cue in cues]
    return [cue for cue in later if cue.start > -1]


def _at(cue: Cue, rate: float, by: float) -> Cue:
    """A cue whose times are multiplied and moved."""
    words = tuple((word, at * rate + by) for word, at in cue.words)
    return Cue(cue.start * rate + by, cue.end * rate + by, cue.text, words)


def _aligned(cues: list[Cue], islands: Islands, pace: float) -> Alignment:
    return Alignment(units.of_cues(cues), np.array([(cue.start, cue.end) for cue in cues]), islands, pace)
