"""One channel out of two, passage by passage: their mean, or one of them where the mean would cancel."""

import numpy as np

CHANNELS = ("left", "right")
Downmix = list  # of [second from which it holds, "mean", "left" or "right"], the first from second 0
MEAN: Downmix = [[0.0, "mean"]]


def to_mono(block: np.ndarray, downmix: Downmix, start: float, sample_rate: int) -> np.ndarray:
    """(n, channels) from second `start` of a recording to (n,): the mean, or the channel of the passage.

    The index chooses a channel where the mean would cancel.
    """
    if block.shape[1] == 1:
        return block[:, 0]
    mixed = np.empty(len(block), block.dtype)
    borders = [round((second - start) * sample_rate) for second, _ in downmix[1:]]
    edges = np.clip([0, *borders, len(block)], 0, len(block))
    for (_, how), first, stop in zip(downmix, edges, edges[1:], strict=False):
        part = block[first:stop]
        # numpy's own mean of such short rows takes ten times as long.
        mixed[first:stop] = sum(part.T) / np.float32(part.shape[1]) if how == "mean" else part[:, CHANNELS.index(how)]
    return mixed
