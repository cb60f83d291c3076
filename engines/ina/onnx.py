"""inaSpeechSegmenter's networks on ONNX Runtime: speech, music, noise, silence, and the speaker's gender.

The method is that of inaSpeechSegmenter 0.8.0 (segmenter.py): silence is found by loudness, then one
network labels what is not silent, then another splits speech by gender. A network looks at "patches" of
68 feature frames, one every 20 ms, and a Viterbi pass that charges 10**-80 (10**-150 in engine sm) for a
change of label turns its posteriors into spans.

A posterior costs far more than all the rest, and a label that stands on seconds of evidence does not need
fifty posteriors a second. So patches are looked at every 0.32 s first, and then closer, by halves, wherever
the label changes or rests on little evidence (`look_closer`). `exact=True` looks at every patch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from engines import runtime
from engines.ina import cnn as ina_cnn
from engines.ina import features as ina_features
from engines.ina import viterbi
from engines.ina.closer import look_closer, share
from engines.ina.filed import Spectrogram
from engines.spans import Span
from pipeline.errors import Reject

ENGINE = "the published weights on ONNX Runtime, fast and lean"
ENVIRONMENT = ""

PATCH = 68  # frames a network looks at
STEP = 2  # frames from one patch to the next, 20 ms
COARSE = 16  # patches from one first look to the next
ENERGY_RATIO = 0.03  # frames below this share of the recording's (geometric) mean energy are silent


@dataclass(frozen=True)
class Network:
    """One network: its weights, the labels it tells apart, the mel bands it sees, the Viterbi exponent."""

    weights: str
    labels: tuple[str, ...]
    bands: int
    exponent: float


NETWORKS = {
    "smn": Network("ina/keras_speech_music_noise_cnn.hdf5", ("speech", "music", "noise"), 21, 80),
    "sm": Network("ina/keras_speech_music_cnn.hdf5", ("speech", "music"), 21, 150),
    "gender": Network("ina/keras_male_female_cnn.hdf5", ("female", "male"), 24, 80),
}


def runs(states: np.ndarray) -> list[tuple[int, int, int]]:
    """(state, start, stop) of each stretch of equal values in `states` (n,)."""
    bounds = [0, *(np.flatnonzero(np.diff(states)) + 1).tolist(), len(states)]
    return [(int(states[start]), start, stop) for start, stop in pairwise(bounds)]


def loudness_runs(energy: np.ndarray) -> list[tuple[int, int, int]]:
    """(loud, start, stop) in patches, loud 0 or 1, from the log energy (frames,) of a whole recording."""
    finite = energy[np.isfinite(energy)]
    threshold = np.mean(finite) + np.log(ENERGY_RATIO) if finite.size else np.inf
    loud = (energy > threshold)[:, np.newaxis]
    emission = np.log(np.where(loud == [False, True], 1 - 1e-10, 1e-10))
    return runs(viterbi.decode(emission, viterbi.change_cost(150), stay=(-5.0, 0.0))[::STEP])


def normalised_patches(mel: np.ndarray | Spectrogram, indices: np.ndarray, bands: int) -> np.ndarray:
    """The patches at `indices` (n,), (n, 68, bands), each of mean 0 and deviation 1 over all its values.

    `mel` is (frames, 24), at least 68 frames. The first and the last patch are repeated at the ends, so
    that patch i is the one around frame 2 i. Patches with -inf in them or without variance are not finite.
    """
    last = (len(mel) - PATCH) // STEP
    first_frames = np.clip(indices - PATCH // (2 * STEP), 0, last) * STEP
    frames = first_frames[:, np.newaxis] + np.arange(PATCH)
    flat = mel[frames][:, :, :bands].reshape(len(indices), -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        flat = (flat - np.mean(flat, axis=1, keepdims=True)) / np.std(flat, axis=1, keepdims=True)
    return flat.reshape(-1, PATCH, bands)


class Listener:
    """One network, loaded, that labels recordings."""

    def __init__(self, network: Network, exact: bool, batch: int, threads: int, device: str):
        self.network, self.batch = network, batch
        self.coarse = 1 if exact else COARSE
        self.change = viterbi.change_cost(network.exponent)
        self.session = runtime.session(ina_cnn.onnx_file(network.weights), threads, device)

    def label(self, mel: np.ndarray, start: int, stop: int) -> list[tuple[str, int, int, float]]:
        """The parts (label, start, stop, confidence) of one span of patches, from the spectrogram `mel`."""
        seen = np.unique([*range(0, stop - start, self.coarse), stop - start - 1])
        posteriors = self.posteriors(mel, start + seen)
        with np.errstate(divide="ignore"):
            while len(more := look_closer(seen, np.log(posteriors), stop - start, self.change)):
                order = np.argsort(np.concatenate([seen, more]))
                posteriors = np.concatenate([posteriors, self.posteriors(mel, start + more)])[order]
                seen = np.concatenate([seen, more])[order]
            posteriors = np.repeat(posteriors, share(seen, stop - start), axis=0)
            states = viterbi.decode(np.log(posteriors), self.change)
        return [
            (self.network.labels[state], start + first, start + last, float(posteriors[first:last, state].mean()))
            for state, first, last in runs(states)
        ]

    def posteriors(self, mel: np.ndarray | Spectrogram, indices: np.ndarray) -> np.ndarray:
        """Posteriors, float32 (n, labels), of the patches at `indices` (n,); 0.5 where not finite."""
        posteriors = np.full((len(indices), len(self.network.labels)), 0.5, np.float32)
        for start in range(0, len(indices), self.batch):
            patches = normalised_patches(mel, indices[start : start + self.batch], self.network.bands)
            finite = np.isfinite(patches).all(axis=(1, 2))
            if finite.any():
                feed = {"patches": patches[finite].astype(np.float32, copy=False)}
                posteriors[start : start + self.batch][finite] = self.session.run(None, feed)[0]
        return posteriors


class Segmenter:
    """Labels a recording with `engine` "smn" (speech, music, noise) or "sm" (speech, music).

    With `gender`, speech is "male" or "female". `exact` looks at every patch, about five times slower;
    `batch` is how many patches a network gets at once; `device` is that of runtime.session.
    """

    SAMPLE_RATE = ina_features.SAMPLE_RATE

    def __init__(
        self,
        engine: str = "smn",
        gender: bool = True,
        exact: bool = False,
        batch: int = 64,
        threads: int = 2,
        device: str = "auto",
    ):
        if engine not in ("smn", "sm"):
            raise ValueError(f"engine is {engine!r}, expected smn or sm.")
        self.exact = exact
        self.activity = Listener(NETWORKS[engine], exact, batch, threads, device)
        self.gender = Listener(NETWORKS["gender"], exact, batch, threads, device) if gender else None

    def segment(self, blocks: Iterable[np.ndarray]) -> list[Span]:
        """The spans of a recording, without gap or overlap, from 16 kHz mono float32 blocks (n,) of any n.

        Memory grows by about 80 MB an hour. Raises Reject where the recording is shorter than 25 ms.
        """
        mel, energy = ina_features.features(blocks)
        mel = _at_least_a_patch(mel)
        spans = []
        for loud, start, stop in loudness_runs(energy):
            parts = self.activity.label(mel, start, stop) if loud else [("noEnergy", start, stop, None)]
            for part in parts:
                split = self.gender and part[0] == "speech"
                spans += self.gender.label(mel, *part[1:3]) if split else [part]
        return [Span(label, _seconds(start), _seconds(stop), sure) for label, start, stop, sure in spans]

    def hear(self, blocks: Iterable[np.ndarray], folder: Path) -> np.ndarray | Spectrogram:
        """What `posteriors` needs of a recording, given as to `segment`: its spectrogram (frames, 24).

        It lies in a file in `folder`, 35 MB an hour, until nobody needs it.
        """
        spectrogram = Spectrogram(folder)
        for mel, _ in ina_features.stream(blocks):
            spectrogram.append(mel)
        if len(spectrogram) < PATCH:
            return _at_least_a_patch(spectrogram[np.arange(len(spectrogram))[np.newaxis]][0])
        return spectrogram

    def posteriors(
        self, features: np.ndarray | Spectrogram, network: str, patches: np.ndarray
    ) -> dict[str, np.ndarray]:
        """The posterior of every label of `network`, "activity" or "gender", float32 (n,), at `patches` (n,).

        Patch i is the one around 20 ms times i.
        """
        listener = getattr(self, network)
        return dict(zip(listener.network.labels, listener.posteriors(features, patches).T, strict=True))


def _at_least_a_patch(mel: np.ndarray) -> np.ndarray:
    """A spectrogram (frames, 24), the end of one shorter than a patch filled. Raises Reject where it has no frames."""
    if not len(mel):
        raise Reject("too_short", "The recording is shorter than one analysis window of 25 ms.")
    missing = PATCH - len(mel)
    if missing > 0:  # in float64, as upstream does it
        mel = np.concatenate([mel, np.full((missing, mel.shape[1]), mel.min(), np.float64)])
    return mel


def _seconds(patches: int) -> float:
    return round(patches * 0.02, 2)
