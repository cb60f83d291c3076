"""Labelled clips as arrays: vectors by part, tones, speakers, sets; what is normalised is normalised by speaker."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engines.tone.normalization import per_speaker
from training.tone import vectors
from training.tone.table import Example


@dataclass
class Measured:
    """All clips of a table: `parts` {name: (n, d)}, and of each its tone, speaker, set and path, (n,)."""

    parts: dict[str, np.ndarray]
    tones: np.ndarray
    speakers: np.ndarray
    sets: np.ndarray
    paths: np.ndarray
    _matrices: dict[tuple, np.ndarray] = field(default_factory=dict)

    def matrix(self, parts: tuple[str, ...], normalize: bool) -> np.ndarray:
        """The vectors (n, d) of some parts side by side."""
        key = (parts, normalize)
        if key not in self._matrices:
            joined = np.concatenate([self.parts[part] for part in parts], axis=1)
            self._matrices[key] = per_speaker(joined, self.speakers) if normalize else np.nan_to_num(joined)
        return self._matrices[key]


@dataclass(frozen=True)
class Data:
    """Some of the clips that were measured, by their numbers (n,).

    A speaker's mean and spread are taken over all clips that the table has of them, whatever their tone, and whichever
    are asked for here: a label is not looked at, as the pipeline has none.
    """

    measured: Measured
    numbers: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def tones(self) -> np.ndarray:
        return self.measured.tones[self.numbers]

    @property
    def speakers(self) -> np.ndarray:
        return self.measured.speakers[self.numbers]

    @property
    def sets(self) -> np.ndarray:
        return self.measured.sets[self.numbers]

    @property
    def paths(self) -> np.ndarray:
        return self.measured.paths[self.numbers]

    def matrix(self, parts: Iterable[str], normalize: bool) -> np.ndarray:
        """The vectors (n, d) of some parts side by side."""
        return self.measured.matrix(tuple(parts), normalize)[self.numbers]

    def where(self, mask: np.ndarray) -> "Data":
        """Those of the clips for which the mask (n,) is true."""
        return Data(self.measured, self.numbers[mask])


def everything(data: Data) -> Data:
    """All clips that were measured with these, whatever their tone."""
    return Data(data.measured, np.arange(len(data.measured.tones)))


def load(examples: list[Example], parts: Iterable[str], processes: int) -> tuple[Data, dict[Path, str]]:
    """The clips that all parts can be measured on, and {path: why} of the others."""
    paths = [example.path for example in examples]
    measured = {part: vectors.measure(paths, part, processes) for part in parts}
    there = [all(of[number] is not None for of in measured.values()) for number in range(len(paths))]
    kept = [example for example, heard in zip(examples, there, strict=True) if heard]
    clips = Measured(
        {part: np.array([of[number] for number in np.flatnonzero(there)]) for part, of in measured.items()},
        np.array([example.tone for example in kept]),
        np.array([example.speaker for example in kept]),
        np.array([example.set for example in kept]),
        np.array([str(example.path) for example in kept]),
    )
    silent = {
        path: "too short, silent or without a voice" for path, heard in zip(paths, there, strict=True) if not heard
    }
    return Data(clips, np.arange(len(kept))), silent
