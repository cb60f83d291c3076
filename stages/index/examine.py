"""Examine a file: it is decoded once, so that its length is exact and damage is known before any model runs.

The facts are kept in a journal; a file of the same size, time and inode is not read again. A rejected file is examined
again when the decoder has changed.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pipeline import audio, ffmpeg, inputs, probing, verdict
from pipeline.digest import sha256
from pipeline.downmix import MEAN, Downmix
from pipeline.errors import Reject

CANCELLATION_DB = 10.0
SMOOTH_SECONDS = 11  # energies are smoothed over this, so that the downmix does not change within a passage
LOUDEST = 1000.0  # times full scale, 60 dB above it: no float audio is that loud
SILENT_FRAMES = 100  # to a second
DAMAGED_SECONDS = 0.5  # damaged: ffmpeg complains, and more than this is missing of the stated length


def downmix(energies: np.ndarray) -> Downmix:
    """How one channel is made, passage by passage, from the energies of (left, right, mean) in each second, (n, 3).

    "mean", or "left"/"right" where the mean would lose the signal: the mean of two uncorrelated channels is 3 dB below
    their average energy; where it lies more than 10 dB below, they cancel (one has its polarity inverted).
    """
    if not len(energies):
        return MEAN
    width = min(SMOOTH_SECONDS, len(energies))
    wide = np.stack([np.convolve(column, np.ones(width), "same")[: len(energies)] for column in energies.T], axis=1)
    left, right, mean = wide.T
    cancels = mean * 10 ** (CANCELLATION_DB / 10) < (left + right) / 2
    names = np.where(cancels, np.where(left >= right, "left", "right"), "mean").tolist()
    starts = [i for i in range(len(names)) if i == 0 or names[i] != names[i - 1]]
    return [[float(second), names[second]] for second in starts]


def examine(path: Path) -> dict:
    """The fields of rows.Recording that do not depend on where the file lies, and `damaged`.

    damaged: [seconds missing at the end, ffmpeg's message], or None. Raises Reject.
    """
    if not path.is_file():
        raise Reject("not_a_file", "Neither a file nor a link to one.")
    if not path.stat().st_size:
        raise Reject("empty", "The file has no bytes.")
    facts = probing.probe(path)
    promised, counted = facts.pop("container_seconds"), facts.pop("counted_seconds")
    decoding = audio.Decoding(path, audio.WORK_RATE, min(facts["channels"], 2))
    samples, peak, rest = 0, 0.0, np.zeros((0, decoding.channels), np.float32)
    energies, silent = [], []
    for block in decoding:
        samples += len(block)
        peak = max(peak, float(block.max(initial=0.0)), -float(block.min(initial=0.0)))
        rest = np.concatenate([rest, block])
        whole = len(rest) - len(rest) % audio.WORK_RATE
        energies.append(_energies(rest[:whole]))
        silent.append(_silent(rest[:whole]))
        rest = rest[whole:]
    if len(rest):
        last = np.pad(rest, ((0, audio.WORK_RATE - len(rest)), (0, 0)))
        energies.append(_energies(last))
        silent.append(_silent(last))
    if peak > LOUDEST:
        raise Reject("undecodable", f"Its samples reach {peak:.3g} times full scale: these are no samples of sound.")
    digest = sha256(path)
    duration = round(samples / audio.WORK_RATE, 6)
    missing = (promised or 0.0) - duration
    doubtful = decoding.complaint or ("the file ends early" if counted else "")
    damaged = [round(missing, 6), doubtful] if doubtful and missing > DAMAGED_SECONDS else None
    return facts | {
        "sha256": digest,
        "duration": duration,
        "peak": round(peak, 6),
        "downmix": downmix(np.concatenate(energies)),
        "gaps": gaps(path, np.concatenate(silent), duration),
        "damaged": damaged,
    }


def _energies(block: np.ndarray) -> np.ndarray:
    """Sums of squares of (left, right, mean) in each whole second of (n, channels): (seconds, 3)."""
    seconds = block.reshape(-1, audio.WORK_RATE, block.shape[1])
    left, right = seconds[:, :, 0], seconds[:, :, -1]
    parts = [np.einsum("ij,ij->i", a, b, dtype=np.float64) for a, b in ((left, left), (right, right), (left, right))]
    return np.stack([parts[0], parts[1], (parts[0] + parts[1] + 2 * parts[2]) / 4], axis=1)


def _silent(block: np.ndarray) -> np.ndarray:
    """Which frames of 10 ms of whole seconds (n, channels) are digital silence: (frames,) bool."""
    return ~block.reshape(-1, audio.WORK_RATE // SILENT_FRAMES * block.shape[1]).any(axis=1)


def gaps(path: Path, silent: np.ndarray, duration: float) -> list[list[float]]:
    """[start, end] in seconds of the gaps in a recording's time stamps that were filled with silence.

    silent: of every frame of 10 ms whether it is digital silence. The file is read again only where enough of it is.
    """
    if silent.sum() < SILENT_FRAMES * probing.LEAST_GAP / 2:
        return []
    filled = []
    for start, end in probing.gaps(path):
        first, last = (round(second * SILENT_FRAMES) for second in (start, min(end, duration)))
        if silent[first + 2 : last - 2].all() and last - first > 4:  # the edges ring where the sound was resampled
            filled.append([start, min(end, duration)])
    return filled


def examine_all(items: dict[str, inputs.Found], journal: Path, threads: int) -> dict[str, dict]:
    """Path -> facts or {"reject": [reason, message]}, from the journal where it has the file."""
    known, decoder = _read(journal), ffmpeg.identity()

    def learn(path: str) -> dict:
        item = items[path]
        if item.fault:
            return {"path": path, "reject": list(item.fault)}
        key = inputs.identity(item.path) | {"path": path}
        fact = known.get(_key(key))
        if fact and ("gaps" in fact or fact.get("decoder") == decoder):
            return fact
        try:
            return key | verdict.reached(lambda: examine(item.path), [item.path], journal.parent, f"index {path}")
        except Reject as fault:
            return key | {"reject": [fault.reason, fault.message], "decoder": decoder}

    facts = {}
    with open(journal, "a", encoding="utf-8") as out_lines, ThreadPoolExecutor(threads) as pool:
        for path, fact in zip(items, pool.map(learn, items), strict=True):
            facts[path] = fact
            if "size" in fact and known.get(_key(fact)) != fact:
                out_lines.write(json.dumps(fact) + "\n")
                out_lines.flush()
    return facts


def _key(fact: dict) -> tuple:
    return tuple(fact[name] for name in ("path", "size", "mtime_ns", "inode"))


def _read(journal: Path) -> dict[tuple, dict]:
    """The facts in the journal, of which the last line of a file counts; a torn line is skipped."""
    known = {}
    if journal.exists():
        for line in journal.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                fact = json.loads(line)
                known[_key(fact)] = fact
            except (ValueError, KeyError, TypeError):
                continue
    return known
