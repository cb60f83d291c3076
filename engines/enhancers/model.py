"""The laboratory's denoisers on ONNX Runtime: a mask for every bin, in one go or in pieces of any length.

A file says in its metadata what it expects: `task`, `sample_rate`, and how many frames it sees before (`left`) and
after (`ahead`) the frame that it answers for. Input `magnitude` (1, left + t + ahead, bins) and `state`, output `mask`
(1, t, bins) and `state_out`.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from engines import runtime
from engines.enhancers import stft
from pipeline.errors import ModelError

TASKS = ("denoise", "dereverb")
PIECE = 512  # frames that go through the network at once: bounds the memory of a long recording


class Model:
    """A denoiser of a file, on `threads` CPU threads. Raises ModelError where the file is none that fits."""

    SAMPLE_RATE = 16000

    def __init__(self, path: Path, threads: int = 2):
        if not path.is_file():
            raise ModelError(f"There is no model at {path}: train one (docs/laboratory.md) or name another method.")
        try:
            self.session = runtime.session(path, threads, "cpu")
        except Exception as error:  # onnxruntime's own classes have no common ancestor
            reason = str(error).splitlines()[0][:200]
            raise ModelError(f"{path} is no ONNX model that can be opened ({reason}): export it again.") from None
        facts = self.session.get_modelmeta().custom_metadata_map
        if facts.get("task") not in TASKS:
            raise ModelError(
                f"{path} is no model of the tasks {', '.join(TASKS)} but of '{facts.get('task', 'none stated')}': "
                "export one with training.export."
            )
        if facts.get("sample_rate") != str(self.SAMPLE_RATE):
            raise ModelError(
                f"{path} is a model for {facts.get('sample_rate', 'no stated rate')} Hz, expected {self.SAMPLE_RATE}: "
                "train one at that rate."
            )
        self.left, self.ahead = int(facts["left"]), int(facts["ahead"])
        self.shape = next(node.shape for node in self.session.get_inputs() if node.name == "state")

    def enhance(self, clip: np.ndarray) -> np.ndarray:
        """A clip (n,) float32 at 16 kHz without its noise, (n,), in time with it."""
        spectrum = stft.analyse(clip)
        masks = list(self.masks(np.abs(spectrum[start : start + PIECE]) for start in range(0, len(spectrum), PIECE)))
        return stft.synthesise(spectrum * np.concatenate(masks), len(clip))

    def masks(self, pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Masks (k, bins) for magnitudes that come in pieces (t, bins): as many frames in all, up to `ahead` later."""
        state = np.zeros([int(size) for size in self.shape], np.float32)
        waiting = np.zeros((self.left, stft.BINS), np.float32)
        for piece in chain(pieces, [np.zeros((self.ahead, stft.BINS), np.float32)]):
            waiting = np.concatenate([waiting, piece])
            if len(waiting) > self.left + self.ahead:
                mask, state = self.session.run(None, {"magnitude": waiting[None], "state": state})
                yield mask[0]
                waiting = waiting[len(waiting) - self.left - self.ahead :]
