"""Cut a stream of audio blocks into equal pieces, each with some context on either side."""

from collections.abc import Iterable, Iterator

import numpy as np


def windows(
    blocks: Iterable[np.ndarray], size: int, before: int = 0, after: int = 0
) -> Iterator[tuple[np.ndarray, int, int]]:
    """Yield (window, lead, keep): window[lead : lead + keep] are consecutive pieces of the stream.

    `blocks` are float32 (n, 2) of any n. Every piece but the last has `size` samples; its window shows also
    the `before` samples ahead of it and the `after` samples that follow, as far as the stream has them. The
    windows are copies. One window is held, whatever the length of the stream or of a block.
    """
    held = np.empty((before + size + after, 2), np.float32)
    filled = lead = 0
    for block in blocks:
        while len(block):
            taken = block[: lead + size + after - filled]
            held[filled : filled + len(taken)] = taken
            filled, block = filled + len(taken), block[len(taken) :]
            if filled == lead + size + after:
                yield held[:filled].copy(), lead, size
                filled, lead = _advance(held, filled, lead + size, before)
    while filled > lead:
        keep = min(size, filled - lead)
        yield held[:filled].copy(), lead, keep
        filled, lead = _advance(held, filled, lead + keep, before)


def _advance(held: np.ndarray, filled: int, done: int, before: int) -> tuple[int, int]:
    """Move what the next window needs to the front; its (filled, lead)."""
    start = max(0, done - before)
    held[: filled - start] = held[start:filled].copy()
    return filled - start, done - start
