"""What takes noise or a room out of speech, a module for each method; all of them behind the protocol Enhancer.

The result is as long as what came in, in time with it, and at the same rate.
"""

import importlib
from pathlib import Path

import numpy as np

from engines.protocols import Enhancer
from pipeline import audio
from pipeline.errors import ConfigError

METHODS = ("rnnoise", "spectral", "wpe")
SPLIT_HZ = 6000  # above, a model that ends at 8 kHz lends its loudness there to the band that it does not hear
FRAME_SECONDS = 0.02


def load(method: str, threads: int = 2) -> Enhancer:
    """The enhancer of a name in METHODS, or of an ONNX file of the laboratory's.

    Raises ModelError where a file is missing or is not one that fits, ConfigError for a name that is not known.
    """
    if method.endswith(".onnx"):
        from engines.enhancers.model import Model

        return Model(Path(method), threads)
    if method not in METHODS:
        raise ConfigError(f"There is no enhancer '{method}', only {', '.join(METHODS)}, or the path of an ONNX file.")
    return importlib.import_module(f"engines.enhancers.{method}").load()


def enhanced(enhancer: Enhancer, clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """A clip (n,) float32 at any rate through an enhancer, the bandwidth kept: (n,) at the same rate, in time."""
    if not len(clip):
        return clip
    own = enhancer.SAMPLE_RATE
    out = _fitted(audio.resample(enhancer.enhance(audio.resample(clip, sample_rate, own)), own, sample_rate), len(clip))
    if sample_rate <= own:
        return out
    heard = _fitted(audio.resample(audio.resample(clip, sample_rate, own), own, sample_rate), len(clip))
    return out + (clip - heard) * _gain_above(heard, out, sample_rate)


def _gain_above(before: np.ndarray, after: np.ndarray, sample_rate: int) -> np.ndarray:
    """How much of the band above SPLIT_HZ an enhancer left, (n,) from 0 to 1, sample by sample."""
    from scipy import signal

    sections = signal.butter(4, SPLIT_HZ, "highpass", fs=sample_rate, output="sos")
    hop = round(FRAME_SECONDS * sample_rate)
    count = max(1, len(before) // hop)
    energies = []
    for sound in (before, after):
        high = np.resize(np.pad(signal.sosfilt(sections, sound), (0, hop)), count * hop)
        energies.append(np.mean(np.square(high).reshape(count, hop), axis=1))
    gain = np.sqrt(np.minimum(1, (energies[1] + 1e-12) / (energies[0] + 1e-12)))
    centres = (np.arange(count) + 0.5) * hop
    return np.interp(np.arange(len(before)), centres, gain).astype(np.float32)


def _fitted(signal: np.ndarray, samples: int) -> np.ndarray:
    """A signal cut or padded with zeros to a number of samples."""
    return np.pad(signal[:samples], (0, max(0, samples - len(signal))))
