"""Thresholds on scores and on what is measured of texts: which clips lie outside, and why. Pure functions on rows."""

from dataclasses import dataclass

from engines import scores, textmeasures
from pipeline.decision import Decision


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
        return [fault for name in scores.known() if (fault := self._fault(name, row[name], unmeasured=True))]

    def text_faults(self, row: dict) -> list[tuple[str, str]]:
        """(reason, what speaks against it) for a row's text; what could not be measured says nothing."""
        if row["asked"] and not row["text"]:
            return [("text_none", f"{', '.join(row['asked'])} gave no text")]
        return [fault for name in textmeasures.MEASURES if (fault := self._fault(name, row[name], unmeasured=False))]

    def _fault(self, name: str, value: float | None, unmeasured: bool) -> tuple[str, str] | None:
        low, high = self.least.get(name), self.greatest.get(name)
        if low is None and high is None:
            return None
        if value is None:
            return (name, f"{name} could not be measured") if unmeasured else None
        if low is not None and value < low:
            return name, f"{name} {value:g} is below {low:g}"
        if high is not None and value > high:
            return name, f"{name} {value:g} is above {high:g}"
        return None


def decide(
    row: dict, faults: list[tuple[str, str]], repeated: dict[str, str], verdict: Decision | None = None
) -> tuple[str, str] | None:
    """Why a row is dropped, (reason, message), or None.

    faults: what is wrong with it; repeated: clip -> the clip whose sound it repeats; verdict: a person's, to keep or
    drop, which outweighs all else.
    """
    if verdict:
        return ("person", f"A person dropped it: {verdict.value}.") if verdict.kind == "drop" else None
    if faults:
        return faults[0][0], "; ".join(text for _, text in faults) + "."
    if original := repeated.get(row["id"]):
        return "repeat", f"The sound of {original} again."
    return None
