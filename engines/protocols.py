"""What a stage may ask of a model, whichever engine runs it. Signals are float32, full scale 1."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engines.embeddings import Embedding
from engines.recognition import Recognition
from engines.spans import Span


class Separator(Protocol):
    """Separates the voice from a mixture at SAMPLE_RATE."""

    SAMPLE_RATE: int

    def stream(
        self, blocks: Iterable[np.ndarray], accompaniment: bool = False
    ) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield (vocals, accompaniment or None), (m, 2) each, as many samples as came in as blocks (n, 2)."""


class Segmenter(Protocol):
    """Labels what is heard when, in mono at SAMPLE_RATE."""

    SAMPLE_RATE: int
    exact: bool  # whether every patch of 20 ms is to be looked at

    def segment(self, blocks: Iterable[np.ndarray]) -> list[Span]:
        """The spans of a recording, without gap or overlap, from blocks (n,)."""

    def hear(self, blocks: Iterable[np.ndarray], folder: Path) -> Any:
        """What `posteriors` needs of a recording; a file in `folder` may hold it."""

    def posteriors(self, features: Any, network: str, patches: np.ndarray) -> dict[str, np.ndarray]:
        """The posterior of every label of "activity" or "gender", (n,), around 20 ms times each of `patches` (n,)."""


class Embedder(Protocol):
    """Turns clips of speech, mono at SAMPLE_RATE, into speaker embeddings."""

    SAMPLE_RATE: int

    def embed(self, clips: list[np.ndarray]) -> list[Embedding]:
        """One embedding for each clip (n,), in their order."""


class Normalizer(Protocol):
    """Computes the gain that a clip needs."""

    def gain_db(self, clip: np.ndarray, sample_rate: int, lufs: float) -> float:
        """The gain that brings a clip (n,) of integrated loudness `lufs` to the target."""


class Enhancer(Protocol):
    """Takes noise or a room out of speech, mono at SAMPLE_RATE."""

    SAMPLE_RATE: int

    def enhance(self, clip: np.ndarray) -> np.ndarray:
        """The clip (n,) enhanced: (n,), in time with it."""


class Recognizer(Protocol):
    """Writes down what is said in clips of speech, mono at SAMPLE_RATE."""

    SAMPLE_RATE: int

    def recognize(self, clips: Iterable[tuple[str, np.ndarray]]) -> Iterator[tuple[str, Recognition]]:
        """What was heard in each clip (id, samples (n,)), with its id, as soon as it is known, in any order.

        Nothing is carried over from one clip to the next. Raises ModelError where the model or service cannot be used.
        """
