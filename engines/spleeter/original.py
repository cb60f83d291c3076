"""Spleeter 2.4.2 itself, with the interface of engines/spleeter/onnx.py; runs in its own environment.

`separate()` of the package wants a whole recording and 1.5 GB for every minute of it. Here it gets pieces of
ten tiles of 512 STFT frames, each piece with one tile of its surroundings on either side. Pieces start on tile
borders, so the tiles are those of the whole recording; only the outer tiles differ, and they are thrown away.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from engines.spleeter.windows import windows
from install import weights

ENGINE = "the packages themselves, to check, slower"
ENVIRONMENT = "spleeter"

logger = logging.getLogger(__name__)

TILE = 512 * 1024  # samples from one tile's first to the next one's first
PIECE = 10 * TILE


class Separator:
    """Vocals and accompaniment of 44.1 kHz stereo, by spleeter's own code and weights.

    `threads` bounds each of TensorFlow's thread pools; device "cpu" hides the GPU, of which spleeter otherwise
    reserves 70 %. The first instance decides for the whole process. Raises ModelError where the weights are
    missing. `separate_whole` is the package's own method: (n, 2) to {"vocals": (n, 2), "accompaniment": (n, 2)}.
    """

    SAMPLE_RATE = 44100

    def __init__(self, threads: int = 2, device: str = "auto"):
        os.environ["MODEL_PATH"] = str(_model_folder().parent)
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(threads)
        if device == "cpu":
            os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        import tensorflow

        tensorflow.get_logger().setLevel("ERROR")
        if device == "cuda" and not tensorflow.config.list_physical_devices("GPU"):
            logger.warning("device cuda was asked for, but TensorFlow offers no working GPU: using the CPU.")
        from spleeter.separator import Separator as Spleeter

        self.separate_whole = Spleeter("spleeter:2stems", multiprocess=False).separate

    def stream(
        self, blocks: Iterable[np.ndarray], accompaniment: bool = False
    ) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield (vocals, accompaniment or None) in pieces of float32 (m, 2), as many samples as came in.

        `blocks` are float32 (n, 2) of any n at 44.1 kHz, full scale 1.
        """
        for window, lead, keep in windows(blocks, PIECE, before=TILE, after=TILE):
            stems = self.separate_whole(window)
            inner = slice(lead, lead + keep)
            yield stems["vocals"][inner], stems["accompaniment"][inner] if accompaniment else None


def _model_folder() -> Path:
    """A folder 2stems as spleeter's ModelProvider wants it, with links to the pinned files in the cache."""
    folder = weights.cache() / "built" / "spleeter" / "2stems"
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{os.getpid()}.partial"  # renamed into place: another job may be reading
    for name in ("model.data-00000-of-00001", "model.index", "model.meta"):
        partial.symlink_to(weights.file(f"spleeter/{name}"))
        os.replace(partial, folder / name)
    for name, text in (("checkpoint", 'model_checkpoint_path: "model"\n'), (".probe", "OK")):
        partial.write_text(text)
        os.replace(partial, folder / name)
    return folder
