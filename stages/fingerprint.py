"""Which clips hold the same sound: fingerprints of spectral peaks, and their matches over a corpus.

A clip's loudest points in time and frequency outlive a codec and a gain. Three of them in a row make a hash: one
frequency, two rises in frequency, two steps in time (after Wang 2003, "An industrial-strength audio search
algorithm", with triples, so that a hash is rare in a large corpus). Two clips hold the same sound where they share
many hashes at one distance in time. Nothing here knows of files: clips are numbers from 0 in the corpus's order.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

RATE = 8000  # Hz
WINDOW, HOP = 512, 64  # samples: 64 ms every 8 ms
FRAMES_PER_SECOND = RATE / HOP
NEIGHBOURHOOD = (13, 21)  # frames and bins over which a peak is the highest
FLOOR_DB = 60.0  # peaks lie less than this below the highest
FOLLOWERS = ((1, 3), (2, 4), (2, 5))  # which peaks after the first make a triple with it
REACH = 64  # frames from the first peak to the last, 0.5 s
SPREAD = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: multiplying by it mixes the bits (Knuth 1973, 6.4)

POSTING = np.dtype([("hash", "<u4"), ("clip", "<u4"), ("frame", "<u2")])
PARTS = 64  # files that the postings are dealt out to, each of them sorted as a whole
HELD = 1_000_000  # postings in memory before they are dealt out
CELLS = 1 << 26  # counters of pairs, one byte each
LINKS = 4  # earlier clips that a clip is compared with at each hash; of many like clips, a chain links all
SHARED = 5  # least number of moments that two clips have in common at one distance in time

Clips = Iterable[tuple[int, np.ndarray, np.ndarray]]


def peaks(clip: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames and bins (k,) of the spectral peaks of a clip (n,), ordered in time."""
    from scipy import fft, ndimage, signal

    clip = signal.resample_poly(clip, RATE, sample_rate).astype(np.float32)
    if len(clip) < WINDOW or not clip.any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(clip, WINDOW)[::HOP]
    power = np.abs(fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), axis=1)[:, : WINDOW // 2]) ** 2
    highest = ndimage.maximum_filter(power, NEIGHBOURHOOD, mode="constant")
    return np.nonzero((power == highest) & (power > power.max() * 10 ** (-FLOOR_DB / 10)))


def hashes(frames: np.ndarray, bins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hashes uint32 (m,), each once and rising, and the frames uint16 (m,) of their first peaks, from peaks (k,)."""
    made, times = [], []
    for followers in FOLLOWERS:
        count = max(len(frames) - followers[-1], 0)
        code, near = bins[:count].astype(np.uint64), np.ones(count, bool)
        for shift in followers:
            step = frames[shift:][:count] - frames[:count]
            rise = bins[shift:][:count] - bins[:count] + WINDOW // 2
            near &= step < REACH
            code = (code * np.uint64(WINDOW) + rise.astype(np.uint64)) * np.uint64(REACH) + step.astype(np.uint64)
        made.append(code[near] * np.uint64(SPREAD) >> np.uint64(32))
        times.append(frames[:count][near])
    found, at = np.unique(np.concatenate(made).astype(np.uint32), return_index=True)
    return found, np.minimum(np.concatenate(times)[at], 65535).astype(np.uint16)


@dataclass(frozen=True)
class Match:
    """Clips `first` < `second` share a sound; the seconds of it, from its first common moment to its last."""

    first: int
    second: int
    seconds: float


def matches(clips: Clips, scratch: Path) -> list[Match]:
    """The pairs of clips that share a sound. `clips` gives (clip, hashes, frames) in order; `scratch` is empty.

    Of many clips that share one sound, each is paired with some earlier ones. The hashes are dealt out to files, so
    that memory does not grow with the corpus: first the pairs of all files are only counted, in cells that some
    pairs may share, and then those are looked at that may have enough.
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
        for clip, found, frames in clips:
            one = np.empty(len(found), POSTING)
            one["hash"], one["clip"], one["frame"] = found, clip, frames
            held.append(one)
            size += len(one)
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
    """The matches among shared hashes: those with enough moments at one distance, give or take a frame."""
    order = np.lexsort((step, second, first))
    first, second, step, when = first[order], second[order], step[order], when[order]
    pairs = np.flatnonzero(np.diff(first, prepend=-1) | np.diff(second, prepend=-1))
    found = []
    for low, high in pairwise([*pairs, len(first)]):
        if high - low < SHARED:
            continue
        steps = step[low:high]
        # A sound may lie half a frame off: its distance then wavers between two neighbours.
        reach = np.searchsorted(steps, steps + 1, "right")
        best = int(np.argmax(reach - np.arange(len(steps))))
        moments = np.unique(when[low + best : low + reach[best]])
        if len(moments) >= SHARED:
            found.append(Match(int(first[low]), int(second[low]), float(moments[-1] - moments[0]) / FRAMES_PER_SECOND))
    return found
