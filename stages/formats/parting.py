"""A corpus parted by tone: anna_angry, where anna has enough of it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Parting:
    """as_speakers: a tone is a speaker of its own in every layout; min_hours: what a speaker needs of a tone."""

    as_speakers: bool = False
    min_hours: float = 0.0

    def names(self, rows: Iterable[dict]) -> dict[tuple[str, str], str]:
        """(speaker, tone) -> name, of the tones that speakers have enough of. rows: speaker, tone, start, end."""
        seconds: dict[tuple[str, str], float] = defaultdict(float)
        for row in rows:
            if row["tone"]:
                seconds[row["speaker"], row["tone"]] += row["end"] - row["start"]
        return {
            (speaker, tone): f"{speaker}_{tone}"
            for (speaker, tone), length in seconds.items()
            if length >= 3600 * self.min_hours
        }
