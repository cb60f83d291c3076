"""The package inaSpeechSegmenter 0.8.0 itself, with the interface of engines/ina/onnx.py.

Runs in the environment envs/ina (TensorFlow). The whole signal and every patch of it are in memory at once:
about 1.5 GB for ten minutes.
"""

import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from engines.spans import Span
from install import weights
from pipeline.errors import Reject

ENGINE = "the packages themselves, to check, slower"
ENVIRONMENT = "ina"

WINDOW, HOP = 400, 160  # samples of an analysis window and from one to the next
PATCH = 68  # frames a network looks at


class Segmenter:
    """Like the Segmenter of onnx.py, but it always looks at every patch: `exact` changes nothing."""

    SAMPLE_RATE = 16000

    def __init__(
        self,
        engine: str = "smn",
        gender: bool = True,
        exact: bool = False,
        batch: int = 64,
        threads: int = 2,
        device: str = "auto",
    ):
        import tensorflow
        from inaSpeechSegmenter import segmenter

        self.exact = exact
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        if device == "cpu":
            tensorflow.config.set_visible_devices([], "GPU")
        # The package would take files of these names from its own folders, or download them.
        segmenter.get_remote = lambda name: str(weights.file(f"ina/{name}"))
        self.package = segmenter.Segmenter(engine, gender, ffmpeg=None, batch_size=batch)

    def segment(self, blocks: Iterable[np.ndarray]) -> list[Span]:
        """The spans of a recording, from 16 kHz mono float32 blocks (n,), without confidence.

        Raises Reject for the two lengths that the package fails on: under two frames, and 67 frames.
        """
        import soundfile

        samples = np.concatenate([np.empty(0, np.float32), *blocks])
        frames = (len(samples) - WINDOW) // HOP + 1
        if frames < 2 or frames == PATCH - 1:
            message = f"inaSpeechSegmenter fails on signals of {len(samples)} samples: use engine onnx."
            raise Reject("too_short", message)
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # the mean of no frames, in digital silence
            wav = Path(folder) / "signal.wav"
            soundfile.write(wav, samples, self.SAMPLE_RATE, subtype="FLOAT")  # the same samples, unrounded
            rows = self.package(str(wav))
        return [Span(label, round(start, 2), round(stop, 2)) for label, start, stop in rows]

    def hear(self, blocks: Iterable[np.ndarray], folder: Path) -> list[Span]:
        """What `posteriors` needs of a recording: its spans. Nothing is kept in `folder`."""
        return self.segment(blocks)

    def posteriors(self, features: list[Span], network: str, patches: np.ndarray) -> dict[str, np.ndarray]:
        """As in onnx.py, but 0 or 1: the package gives labels only."""
        labels = {"activity": ("speech", "music", "noise"), "gender": ("female", "male")}[network]
        starts = np.array([span.start for span in features])
        at = np.searchsorted(starts, patches * 0.02 + 1e-6, "right") - 1
        here = np.array([span.label for span in features])[at]
        return {label: (here == label).astype(np.float32) for label in labels}
