"""How noisy and how reverberant a clip is, by an exported gate on ONNX Runtime.

It hears a clip at 16 kHz as magnitudes (1, t, bins) and answers with three numbers: the log odds that there is noise,
the signal-to-noise ratio and C50, both in units of 10 dB.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines import runtime
from engines.enhancers import stft
from pipeline.errors import ModelError

UNIT_DB = 10.0


@dataclass(frozen=True)
class Answer:
    """The probability of noise, and estimates that mean something only where there is noise, or a room."""

    noisy: float
    snr_db: float
    c50_db: float


class Gate:
    """The network, loaded once. Raises ModelError where the file is missing or is no gate for SAMPLE_RATE."""

    SAMPLE_RATE = 16000

    def __init__(self, path: Path):
        if not path.is_file():
            raise ModelError(f"There is no gate at {path}: train one (docs/laboratory.md) and export it.")
        self.session = runtime.session(path, 1, "cpu")
        facts = self.session.get_modelmeta().custom_metadata_map
        if (facts.get("task"), facts.get("sample_rate")) != ("gate", str(self.SAMPLE_RATE)):
            raise ModelError(f"{path} is no gate for {self.SAMPLE_RATE} Hz: export one with training.export.")

    def listen(self, clip: np.ndarray) -> Answer:
        """What is to be said of a clip (n,) float32."""
        magnitude = np.abs(stft.analyse(clip))[np.newaxis]
        odds, snr, c50 = self.session.run(None, {"magnitude": magnitude})[0][0].astype(np.float64)
        return Answer(float(1 / (1 + np.exp(-odds))), float(snr * UNIT_DB), float(c50 * UNIT_DB))
