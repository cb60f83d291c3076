"""Train, validation and test, by recording: what a model is tested on shares no recording with its training.

A recording's place is a hash of the seed and its source, so it depends on no other recording: adding some moves none
of those that were there, and a larger share of one split leaves the others' recordings where they are. The shares are
met on average over recordings; with n of them a share p is off by about sqrt(p (1 - p) / n), so a corpus
of few recordings may have an empty split: then a larger share or another seed is the remedy.
"""

import hashlib
from dataclasses import dataclass

from pipeline.errors import ConfigError

TRAIN, VALIDATION, TEST = NAMES = ("train", "validation", "test")


@dataclass(frozen=True)
class Splits:
    """validation, test: expected shares of the recordings, from 0, together below 1; seed: chooses another draw.

    Raises ConfigError where the shares leave nothing to train on.
    """

    validation: float
    test: float
    seed: int

    def __post_init__(self):
        if min(self.validation, self.test) < 0 or self.validation + self.test >= 1:
            raise ConfigError(
                f"export.split: expected shares from 0 that leave some for training, found validation "
                f"{self.validation:g} and test {self.test:g}: lower them, for example to 0.05 each."
            )

    def of(self, source: str) -> str:
        """The split of every clip of the recording `source`."""
        digest = hashlib.sha256(f"{self.seed}\0{source}".encode()).digest()
        place = int.from_bytes(digest[:8], "big") / 2**64
        if place < self.test:
            return TEST
        return VALIDATION if place >= 1 - self.validation else TRAIN
