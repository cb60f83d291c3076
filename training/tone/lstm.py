"""A small LSTM over the cepstra of a clip, for the benchmark's table alone: no model of it is ever written.

torch trains it in the laboratory's environment (training/tone/recurrent.py), which hands back an ONNX file; here ONNX
Runtime judges with it, as with everything else. To the protocols it is a classifier like scikit-learn's.
"""

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from engines import runtime
from engines.tone import parts
from install import environments
from pipeline.errors import VoxsieveError

ENVIRONMENT = "laboratory"
CLIPS, NETWORK = "clips.npz", "network.onnx"
ROOT = Path(__file__).parents[2]


def frames(vectors: np.ndarray) -> np.ndarray:
    """The part `mfcc` of clips, (n, FRAMES * MFCC), as frames (n, FRAMES, MFCC); what is beyond a clip's end is 0."""
    return vectors.reshape(len(vectors), parts.FRAMES, parts.MFCC).astype(np.float32)


class Lstm:
    """hidden: width of the layer; epochs: times that all clips are seen."""

    def __init__(self, seed: int, hidden: int, epochs: int):
        self.settings = {"seed": seed, "hidden": hidden, "epochs": epochs}

    def fit(self, vectors: np.ndarray, tones: np.ndarray) -> "Lstm":
        """Train on clips (n, FRAMES * MFCC) of tones (n,). Raises VoxsieveError where the laboratory fails."""
        self.classes_, labels = np.unique(tones, return_inverse=True)
        with tempfile.TemporaryDirectory() as folder:
            np.savez(Path(folder) / CLIPS, frames=frames(vectors), labels=labels)
            flags = [f"--{name}={value}" for name, value in self.settings.items()]
            command = [environments.python(ENVIRONMENT), "-W", "ignore", "-m", "training.tone.recurrent", folder]
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            answer = subprocess.run([*command, *flags], capture_output=True, text=True, env=environment)
            if answer.returncode:
                last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
                raise VoxsieveError(f"tone: the LSTM could not be trained ({last}): `make environments` makes it anew.")
            self._session = runtime.session(Path(folder) / NETWORK, 1, "cpu")
        return self

    def predict_proba(self, vectors: np.ndarray) -> np.ndarray:
        """Probabilities (n, tones) of clips (n, FRAMES * MFCC)."""
        return self._session.run(None, {"frames": frames(vectors)})[0]

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """The likeliest tone of clips (n, FRAMES * MFCC), (n,)."""
        return self.classes_[self.predict_proba(vectors).argmax(axis=1)]
