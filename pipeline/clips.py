"""The sound of a clip before it is a file of its own: a span of the vocals, filtered as its row says.

So the stages between slice and normalize write no audio, except clips that were enhanced; a clip's sound follows from
its row.
"""

from functools import cache
from pathlib import Path

import numpy as np

from pipeline import audio
from pipeline.downmix import to_mono

EDGE_SECONDS = 0.25  # reflected at both ends while filtering, longer than the filters ring


def place(row: dict, work: Path) -> np.ndarray:
    """The clip's samples, (n,) float32 at the row's sample rate, at the recording's level.

    They are a place in the vocals, or the clip's own file where it was enhanced.
    """
    rate = row["sample_rate"]
    if own := row.get("enhanced_path"):
        return audio.read(work / own)[:, 0] / np.float32(row["gain"])
    block = audio.read(work / row["path"], round(row["start"] * rate), round(row["end"] * rate))
    return to_mono(block, row["downmix"], row["start"], rate) / np.float32(row["gain"])


def filtered(row: dict, work: Path) -> np.ndarray:
    """The clip as `place` gives it, through its row's filter."""
    clip = place(row, work)
    sections = _array(tuple(map(tuple, row["sections"])))
    return apply(clip, sections, row["sample_rate"], row["zero_phase"])


@cache
def _array(sections: tuple[tuple[float, ...], ...]) -> np.ndarray:
    return np.array(sections).reshape(-1, 6)


def apply(clip: np.ndarray, sections: np.ndarray, sample_rate: int, zero_phase: bool) -> np.ndarray:
    """Filter a clip (n,) with second-order sections (k, 6): the same length and dtype; both ways for zero phase."""
    from scipy import signal

    if not len(sections):
        return clip
    if zero_phase:
        edge = min(len(clip) - 1, round(EDGE_SECONDS * sample_rate))
        return signal.sosfiltfilt(sections, clip.astype(np.float64), padlen=edge).astype(clip.dtype)
    return signal.sosfilt(sections, clip.astype(np.float64)).astype(clip.dtype)
