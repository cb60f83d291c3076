"""How far people agree, and how pure a sample is: pure functions on decisions and counts."""

import math
from collections import Counter
from collections.abc import Iterable
from itertools import combinations

from pipeline.decision import OF_VOICES, Decision
from pipeline.texts import SAME_PLACE, overlap

QUESTIONS = {"keep": "keep", "drop": "keep", "speaker": "speaker", "tone": "tone", "voice": "voice", "two": "voice"}


def kappa(pairs: list[tuple[str, str]]) -> float | None:
    """Cohen's kappa of two people's answers on the same things; None without any. Cohen 1960.

    Where chance alone would make them agree (both always say the same one thing) it is 1.
    """
    if not pairs:
        return None
    first, second = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    agreed = sum(one == other for one, other in pairs) / len(pairs)
    chance = sum(count * second[answer] for answer, count in first.items()) / len(pairs) ** 2
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)


def wilson(right: int, heard: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share of `heard`. Wilson 1927, without correction for continuity."""
    if not heard:
        return 0.0, 1.0
    share, slack = right / heard, z * z / heard
    middle = (share + slack / 2) / (1 + slack)
    reach = z * math.sqrt((share * (1 - share) + slack / 4) / heard) / (1 + slack)
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def said(decision: Decision) -> str:
    """The answer of a decision, as answers are held against each other."""
    if decision.kind in ("keep", "drop", "two"):
        return decision.kind
    return decision.value


def together(holding: Iterable[Decision]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """(person, person) -> their answers on what both decided, each person's latest answer."""
    answered: dict[str, dict[str, list[Decision]]] = {}  # question and recording -> person -> latest last
    for decision in holding:
        if question := QUESTIONS.get(decision.kind):
            place = f"{question} {min(decision.places)}"
            answered.setdefault(place, {}).setdefault(decision.who, []).append(decision)
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for people in answered.values():
        for one, other in combinations(sorted(people), 2):
            ours, theirs = (_latest(people[name]) for name in (one, other))
            both = [(said(a), said(b)) for a in ours for b in theirs if same(a, b)]
            pairs.setdefault((one, other), []).extend(both)
    return {names: answers for names, answers in pairs.items() if answers}


def _latest(decisions: list[Decision]) -> list[Decision]:
    """A person's decisions on one recording, the last on every thing."""
    kept: list[Decision] = []
    for decision in reversed(decisions):
        if not any(same(decision, later) for later in kept):
            kept.append(decision)
    return kept


def same(first: Decision, second: Decision) -> bool:
    """Whether two decisions are about the same thing: a clip's place, or most places of a voice."""
    if first.kind not in OF_VOICES:
        return first.place[0] == second.place[0] and overlap(first.place[1:], second.place[1:]) >= SAME_PLACE
    ours, theirs = (
        {(sha256, *span) for sha256, spans in one.places.items() for span in spans} for one in (first, second)
    )
    return 2 * len(ours & theirs) > len(ours | theirs)
