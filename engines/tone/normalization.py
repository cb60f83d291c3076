"""A clip held against the other clips of its speaker: every descriptor minus the speaker's mean, over their spread.

What a voice is like in general, and room and microphone with it, thereby falls away; what is left is how this clip
differs. No label is needed. Statistics are sums, so that a corpus of any size is read a row at a time.
"""

import numpy as np

LIMIT = 4.0  # spreads from the mean: one strange value must not decide alone
FEWEST = 8  # clips of a speaker, below which a mean and a spread say little


class Speaker:
    """The running mean and spread of a speaker's vectors (d,); NaN counts for nothing."""

    def __init__(self, size: int):
        self.clips = 0
        self.count, self.mean, self.squares = np.zeros((3, size))

    def add(self, vector: np.ndarray) -> None:
        """Welford's update."""
        self.clips += 1
        there = np.isfinite(vector)
        self.count += there
        step = np.where(there, vector, self.mean) - self.mean
        self.mean += step / np.maximum(self.count, 1)
        self.squares += step * (np.where(there, vector, self.mean) - self.mean)

    def normalized(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors (n, d) of this speaker as float32, in spreads from the mean; zero where there is nothing to say."""
        spread = np.sqrt(self.squares / np.maximum(self.count, 1))
        told = spread > 1e-6 * (1 + np.abs(self.mean))
        scaled = np.divide(vectors - self.mean, spread, out=np.zeros(vectors.shape), where=told)
        return np.nan_to_num(scaled, nan=0.0).clip(-LIMIT, LIMIT).astype(np.float32)


def per_speaker(vectors: np.ndarray, speakers: np.ndarray) -> np.ndarray:
    """Vectors (n, d) of clips of the speakers (n,), each normalised by all clips of its own speaker."""
    normalized = np.zeros(vectors.shape, np.float32)
    for name in np.unique(speakers):
        own = speakers == name
        speaker = Speaker(vectors.shape[1])
        for vector in vectors[own]:
            speaker.add(vector)
        normalized[own] = speaker.normalized(vectors[own])
    return normalized
