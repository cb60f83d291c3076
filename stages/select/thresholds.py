"""Thresholds on scores: which clips lie outside, and why. Pure functions on rows."""

from dataclasses import dataclass

from engines import scores
from pipeline.decisions import Decision


@dataclass(frozen=True)
class Thresholds:
    """The least and the greatest value by name of the score; a score in neither is not looked at."""

    least: dict[str, float]
    greatest: dict[str, float]

    @classmethod
    def of(cls, filters: dict[str, dict | None]) -> "Thresholds":
        """From the section `filters` of the configuration, {score: {"min": ..., "max": ...}}."""
        bounds = {name: bound for name, bound in filters.items() if bound}
        sides = [
            {name: bound[side] for name, bound in bounds.items() if bound.get(side) is not None}
            for side in ("min", "max")
        ]
        return cls(*sides)

    def faults(self, row: dict) -> list[tuple[str, str]]:
        """(score, what is wrong with it) for every score of a row that lies outside; a null lies outside."""
        outside = []
        for name in scores.known():
            low, high = self.least.get(name), self.greatest.get(name)
            if low is None and high is None:
                continue
            if (value := row[name]) is None:
                outside.append((name, f"{name} could not be measured"))
            elif low is not None and value < low:
                outside.append((name, f"{name} {value:g} is below {low:g}"))
            elif high is not None and value > high:
                outside.append((name, f"{name} {value:g} is above {high:g}"))
        return outside


def decide(
    row: dict, thresholds: Thresholds, repeated: dict[str, str], verdict: Decision | None = None
) -> tuple[str, str] | None:
    """Why a row is dropped, (reason, message), or None.

    repeated: clip -> the clip whose sound it repeats; verdict: a person's, to keep or drop, which outweighs all else.
    """
    if verdict:
        return ("person", f"A person dropped it: {verdict.value}.") if verdict.kind == "drop" else None
    if faults := thresholds.faults(row):
        return faults[0][0], "; ".join(text for _, text in faults) + "."
    if original := repeated.get(row["id"]):
        return "repeat", f"The sound of {original} again."
    return None
