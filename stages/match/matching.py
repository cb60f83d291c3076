"""Which clips of a corpus share a sound, from their fingerprints.

Two clips hold the same sound where they share many hashes at one distance in time. Clips are numbered from 0 in the
corpus's order.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engines.fingerprint import FRAMES_PER_SECOND, SPREAD

POSTING = np.dtype([("hash", "<u4"), ("clip", "<u4"), ("frame", "<u2")])
PARTS = 64  # files that the postings are distributed over; each is sorted in memory
HELD = 1_000_000  # postings in memory before they are written out
CELLS = 1 << 26  # counters of pairs, one byte each
LINKS = 4  # earlier clips that a clip is compared with at each hash; many alike are linked in a chain
SHARED = 5  # least number of hashes in common at one distance in time

Clips = Iterable[tuple[int, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Match:
    """Clips `first` < `second` share a sound; the seconds of it, from its first common moment to its last."""

    first: int
    second: int
    seconds: float


def matches(clips: Clips, scratch: Path) -> list[Match]:
    """The pairs of clips that share a sound. `clips` gives (clip, hashes, frames) in order; `scratch` is empty.

    Of many clips that share one sound, each is paired with some earlier ones. The hashes are distributed over files,
    so that memory does not grow with the corpus. The first pass only counts pairs, in cells that several pairs may
    share; the second looks at those pairs whose count may be high enough.
    """
    files = _deal(clips, scratch)
    counts = np.zeros(CELLS, np.uint8)
    for file in files:
        cells, often = np.unique(_cell(*_shared(file)[:2]), return_counts=True)
        counts[cells] += np.minimum(often, 255 - counts[cells]).astype(np.uint8)
    columns = []
    for file in files:
        shared = _shared(file)
        enough = counts[_cell(*shared[:2])] >= SHARED
        columns.append([column[enough] for column in shared])
    return _aligned(*map(np.concatenate, zip(*columns, strict=True)))


def _deal(clips: Clips, scratch: Path) -> list[Path]:
    """Write the postings of all clips to PARTS files by their hash, those of one hash in the order of the clips."""
    files = [scratch / f"{part}.postings" for part in range(PARTS)]
    with ExitStack() as stack:
        outs = [stack.enter_context(open(file, "wb")) for file in files]
        held, size = [], 0
        for clip, hashes, frames in clips:
            postings = np.empty(len(hashes), POSTING)
            postings["hash"], postings["clip"], postings["frame"] = hashes, clip, frames
            held.append(postings)
            size += len(postings)
            if size > HELD:
                _append(held, outs)
                held, size = [], 0
        _append(held, outs)
    return files


def _append(postings: list[np.ndarray], outs: list[BinaryIO]) -> None:
    if postings:
        joined = np.concatenate(postings)
        part = joined["hash"] % PARTS
        order = np.argsort(part, kind="stable")
        bounds = np.searchsorted(part[order], np.arange(PARTS + 1))
        for out, low, high in zip(outs, bounds[:-1], bounds[1:], strict=True):
            out.write(joined[order[low:high]].tobytes())


def _cell(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    pair = first.astype(np.uint64) << np.uint64(32) | second
    return (pair * np.uint64(SPREAD) >> np.uint64(32)) % np.uint64(CELLS)


def _shared(file: Path) -> tuple[np.ndarray, ...]:
    """First clip, second clip, frames between, frame in the second, for the shared hashes of one file of postings."""
    postings = np.fromfile(file, POSTING)
    postings = postings[np.argsort(postings["hash"], kind="stable")]
    hashed, owner, when = postings["hash"], postings["clip"], postings["frame"].astype(np.int32)
    columns = []
    for back in range(1, LINKS + 1):
        at = np.flatnonzero(hashed[back:] == hashed[:-back])
        columns.append((owner[at], owner[at + back], when[at] - when[at + back], when[at + back]))
    return tuple(np.concatenate(column) for column in zip(*columns, strict=True))


def _aligned(first: np.ndarray, second: np.ndarray, step: np.ndarray, when: np.ndarray) -> list[Match]:
    """The matches among shared hashes: those with enough of them at one distance, give or take a frame."""
    order = np.lexsort((step, second, first))
    first, second, step, when = first[order], second[order], step[order], when[order]
    pairs = np.flatnonzero(np.diff(first, prepend=-1) | np.diff(second, prepend=-1))
    matches = []
    for low, high in pairwise([*pairs, len(first)]):
        if high - low < SHARED:
            continue
        steps = step[low:high]
        # A sound may be off by half a frame: its distance then falls on either of two neighbours.
        reach = np.searchsorted(steps, steps + 1, "right")
        best = int(np.argmax(reach - np.arange(len(steps))))
        moments = np.unique(when[low + best : low + reach[best]])
        if len(moments) >= SHARED:
            matches.append(
                Match(int(first[low]), int(second[low]), float(moments[-1] - moments[0]) / FRAMES_PER_SECOND)
            )
    return matches
