"""Which decisions are about which clips: pure functions on places, (SHA-256 of a recording, start, end)."""

from bisect import bisect_left
from collections.abc import Iterable

import numpy as np

from pipeline.decision import Decision, Places
from pipeline.texts import SAME_PLACE, overlap


class Latest:
    """The latest of some decisions at a clip's place, which may differ a little from the place decided on."""

    def __init__(self, decisions: Iterable[Decision]):
        self._at: dict[str, list[tuple[float, float, int]]] = {}
        self._decisions = list(decisions)
        for number, decision in enumerate(self._decisions):
            sha256, start, end = decision.place
            self._at.setdefault(sha256, []).append((start, end, number))
        for places in self._at.values():
            places.sort()

    def of(self, row: dict) -> Decision | None:
        """The latest decision on a clip with sha256, start and end, None where there is none."""
        places = self._at.get(row["sha256"], [])
        slack = (1 / SAME_PLACE - 1) * (row["end"] - row["start"]) + 1e-6
        latest = -1
        for start, end, number in places[bisect_left(places, (row["start"] - slack,)) :]:
            if start > row["start"] + slack:
                break
            if overlap((start, end), (row["start"], row["end"])) >= SAME_PLACE:
                latest = max(latest, number)
        return self._decisions[latest] if latest >= 0 else None


def covered(spans: list[tuple[float, float]], start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """How many seconds of each clip, start and end (n,), lie in the spans: (n,)."""
    if not spans:
        return np.zeros(len(start))
    begins, ends = np.array(sorted(spans), float).T
    reached = np.maximum.accumulate(ends)
    begins = np.maximum(begins, np.concatenate([[0.0], reached[:-1]]))  # what overlaps counts once
    lengths = np.maximum(reached - begins, 0)
    edges = np.stack([begins, begins + lengths], axis=1).ravel()
    before = np.concatenate([[0.0], np.cumsum(lengths)])
    total = np.stack([before[:-1], before[1:]], axis=1).ravel()
    return np.interp(end, edges, total) - np.interp(start, edges, total)


def covers(places: Places, sha256: list[str], recording: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Which clips lie in the places with at least half of their seconds, (n,) bool.

    sha256: of every recording; recording: the number of each clip's recording in it, (n,).
    """
    inside = np.zeros(len(start), bool)
    for number in (i for i, name in enumerate(sha256) if name in places):
        clips = np.flatnonzero(recording == number)
        seconds = covered(places[sha256[number]], start[clips], end[clips])
        inside[clips] = seconds >= (end[clips] - start[clips]) / 2
    return inside


def gathered(rows: Iterable[dict]) -> Places:
    """The places of rows with sha256, start and end."""
    places: Places = {}
    for row in rows:
        places.setdefault(row["sha256"], []).append((row["start"], row["end"]))
    return places
