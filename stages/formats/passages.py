"""Where a recording is cut into passages: between clips, at the widest pause about where a passage is full."""

import numpy as np

MICROS = 1_000_000  # in a second; times are whole microseconds, so that sums do not depend on their order


def cut(clips: np.ndarray, passage: int) -> list[int]:
    """The places, in microseconds, that cut a recording into passages with about `passage` microseconds of clips.

    clips: (n, 2) starts and ends in microseconds, in any order. A passage has between half and one and a half times as
    much where clips and pauses allow it, never less than half, and no place lies within a clip.
    """
    clips = clips[np.argsort(clips[:, 0], kind="stable")]
    ends = np.maximum.accumulate(clips[:, 1])
    pauses = clips[1:, 0] - ends[:-1]
    before = np.cumsum(clips[:, 1] - clips[:, 0])  # microseconds of clips up to each clip's end
    total, begun, places = int(before[-1]), 0, []
    while True:
        enough = (before[:-1] - begun >= passage / 2) & (total - before[:-1] >= passage / 2) & (pauses >= 0)
        near = enough & (before[:-1] - begun <= 1.5 * passage)
        if near.any():
            at = int(np.where(near, pauses, -1).argmax())
        elif enough.any():
            at = int(enough.argmax())
        else:
            return places
        places.append(int(ends[at] + pauses[at] // 2))
        begun = int(before[at])
