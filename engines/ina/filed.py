"""A spectrogram in a file: its patches are read when they are looked at, so that memory does not grow with length."""

import os
import tempfile
from pathlib import Path

import numpy as np

from engines.ina.features import BANDS

ROW_BYTES = 4 * BANDS


class Spectrogram:
    """Rows (frames, BANDS), float32, in a file without a name, which ends with the process.

    Patches are taken out of it as out of an array. Raises OSError where the disk is full or does not answer.
    """

    def __init__(self, folder: Path):
        self._file = tempfile.TemporaryFile(dir=folder, suffix=".partial")  # noqa: SIM115 - open while there are readers
        self._frames = 0

    def append(self, rows: np.ndarray) -> None:
        """Add rows (n, BANDS)."""
        self._file.write(np.ascontiguousarray(rows, np.float32).data)
        self._file.flush()  # it is read past the buffer
        self._frames += len(rows)

    def __len__(self) -> int:
        return self._frames

    def __getitem__(self, frames: np.ndarray) -> np.ndarray:
        """The rows at `frames` (patches, k), which rise by one within a patch: (patches, k, BANDS)."""
        rows = np.empty((*frames.shape, BANDS), np.float32)
        for row, first in zip(rows, frames[:, 0].tolist(), strict=True):
            if os.preadv(self._file.fileno(), [row], first * ROW_BYTES) != row.nbytes:
                raise OSError("the end of a spectrogram is missing in its file")
        return rows
