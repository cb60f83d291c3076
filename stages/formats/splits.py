"""Train, validation and test: what a model is tested on shares no recording, or no passage of one, with its training.

The unit is a recording. One with more seconds than the smallest wanted share needs is cut into passages of about a
minute (less in a corpus so small that a minute would be too much), between clips, at the widest pause about there.
Units are drawn in an order that the seed decides, and test takes those that bring it nearer to its share, then
validation; the rest is for training. So every share of the seconds is met to within one unit.

Two passages of a recording that lie in different splits sound alike where they meet: a clip that is nearer than GAP to
another split's is in none. Training yields to validation and test, validation to test.

What was drawn is kept in splits.csv by the recording's SHA-256 and the place in it: it stays when recordings are added,
renamed or sliced anew. Another seed or other shares draw anew.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline import tables
from pipeline.errors import ManifestError
from stages.formats.passages import MICROS, cut

FILE = "splits.csv"
COLUMNS = ("sha256", "start", "end", "split", "validation", "test", "seed")
TRAIN, VALIDATION, TEST = NAMES = ("train", "validation", "test")
NONE = ""  # of a clip that is too near to another split's
GAP = 2.0  # seconds between clips of different splits of one recording
PASSAGE = 60.0  # seconds of clips in a passage, about

Places = dict[str, np.ndarray]  # SHA-256 of a recording -> (clips, 2) start and end in whole microseconds
Given = dict[str, list[tuple[float, str]]]  # SHA-256 -> [(second from which it holds, split)], from 0 on


@dataclass(frozen=True)
class Shares:
    """validation, test: shares of the corpus's seconds, from 0, together below 1; seed: chooses another draw."""

    validation: float
    test: float
    seed: int


def divide(places: Places, shares: Shares, given: Given) -> Given:
    """The split of every passage of every recording: `given`, and what is drawn for the recordings not in it."""
    total = sum(int(np.sum(clips[:, 1] - clips[:, 0])) for clips in places.values())
    wanted = {TEST: round(shares.test * total), VALIDATION: round(shares.validation * total)}
    least = min((micros for micros in wanted.values() if micros), default=total)
    filled = dict.fromkeys(NAMES, 0)
    units: dict[tuple[str, float], int] = {}  # (SHA-256, start in seconds) -> microseconds of clips
    for sha256, clips in places.items():
        lengths = clips[:, 1] - clips[:, 0]
        if sha256 in given:
            for split, micros in zip(_splits_of(clips, given[sha256]), lengths.tolist(), strict=True):
                filled[split] += micros
        else:
            whole = lengths.sum() <= least
            cuts = [] if whole else cut(clips, min(round(PASSAGE * MICROS), least))
            starts = [0.0, *(place / MICROS for place in cuts)]
            sizes = np.bincount(_passages_of(clips, starts), lengths, len(starts)).astype(int).tolist()
            units |= {(sha256, start): micros for start, micros in zip(starts, sizes, strict=True)}
    drawn = _draw(units, wanted, filled, shares.seed)
    divided = dict(given)
    for sha256, start in sorted(units):
        divided[sha256] = [*divided.get(sha256, []), (start, drawn[sha256, start])]
    return divided


def _draw(
    units: dict[tuple[str, float], int], wanted: dict[str, int], filled: dict[str, int], seed: int
) -> dict[tuple[str, float], str]:
    """The split of every unit: in the seed's order, a split takes those that bring it nearer to what is wanted."""
    order = sorted(units, key=lambda unit: hashlib.sha256(f"{seed}\0{unit[0]}\0{unit[1]:.6f}".encode()).digest())
    drawn = dict.fromkeys(order, TRAIN)
    for split, enough in wanted.items():
        for unit in order:
            if drawn[unit] == TRAIN and units[unit] < 2 * (enough - filled[split]):
                drawn[unit] = split
                filled[split] += units[unit]
    return drawn


def of_clips(places: Places, divided: Given) -> dict[str, list[str]]:
    """The split of every clip, as `places` lists them; NONE where it lies too near to another split's."""
    splits = {}
    for sha256, clips in places.items():
        split = np.array(_splits_of(clips, divided[sha256]), dtype=object)
        if len(set(split)) > 1:
            for yielding, others in ((VALIDATION, (TEST,)), (TRAIN, (TEST, VALIDATION))):
                mine, theirs = split == yielding, np.isin(split, others)
                near = _near(clips[mine], clips[theirs], round(GAP * MICROS))
                split[np.flatnonzero(mine)[near]] = NONE
        splits[sha256] = split.tolist()
    return splits


def _near(clips: np.ndarray, others: np.ndarray, gap: int) -> np.ndarray:
    """Which of `clips` lie nearer than `gap` to one of `others`; (n, 2) microseconds."""
    others = others[np.argsort(others[:, 0], kind="stable")]
    starts, ends = others[:, 0], np.maximum.accumulate(others[:, 1])
    after = np.searchsorted(starts, clips[:, 0], side="right")  # the first of the others that starts later
    far = np.iinfo(np.int64).max // 2
    before = clips[:, 0] - np.append(-far, ends)[after]
    behind = np.append(starts, far)[after] - clips[:, 1]
    return (before < gap) | (behind < gap)


def _passages_of(clips: np.ndarray, starts: list[float]) -> np.ndarray:
    """The number of the passage that the middle of every clip lies in."""
    bounds = np.rint(np.array(starts[1:]) * MICROS)
    return np.searchsorted(bounds, (clips[:, 0] + clips[:, 1]) / 2, side="right")


def _splits_of(clips: np.ndarray, passages: list[tuple[float, str]]) -> list[str]:
    """The split of the passage of every clip."""
    starts, splits = zip(*passages, strict=True)
    return [splits[number] for number in _passages_of(clips, list(starts))]


def read(path: Path, shares: Shares) -> Given:
    """What was drawn with these shares and this seed; nothing where it was drawn with others, or not at all.

    Raises ManifestError where the file names a split that is not known.
    """
    if not path.is_file():
        return {}
    given: Given = {}
    for number, row in enumerate(tables.read(path, COLUMNS).to_dict("records"), 1):
        if (row["validation"], row["test"], row["seed"]) != (shares.validation, shares.test, shares.seed):
            return {}
        if row["split"] not in NAMES:
            raise ManifestError(
                f"{path}, row {number}: expected one of {', '.join(NAMES)}, found '{row['split']}': correct it, or "
                "delete the file to have the splits drawn anew."
            )
        given.setdefault(row["sha256"], []).append((row["start"], row["split"]))
    return {sha256: sorted(passages) for sha256, passages in given.items()}


def write(path: Path, divided: Given, shares: Shares) -> None:
    """Write what was drawn; the last passage of a recording has no end."""
    tables.write(path, COLUMNS, _rows(divided, shares))


def _rows(divided: Given, shares: Shares) -> Iterable[dict]:
    drawn_with = {"validation": shares.validation, "test": shares.test, "seed": shares.seed}
    for sha256, passages in sorted(divided.items()):
        ends = [*(start for start, _ in passages[1:]), None]
        for (start, split), end in zip(passages, ends, strict=True):
            yield {"sha256": sha256, "start": start, "end": end, "split": split} | drawn_with
