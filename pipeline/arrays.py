"""Arrays on disk: one .npz, whole or not at all."""

from pathlib import Path

import numpy as np


def save(path: Path, **arrays: np.ndarray) -> None:
    """Write named arrays as an .npz beside `path`, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    partial.replace(path)
