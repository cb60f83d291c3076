"""A trained tone model: an ONNX file and beside it its card, a JSON of the same name. Nothing else is ever read.

The card says what the model must be given and what its numbers mean; a card that does not fit the file beside it, or
asks for another vector than this version makes, is one sentence.
"""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engines import runtime
from engines.tone import parts
from pipeline.digest import sha256
from pipeline.errors import ModelError

LARGEST_BYTES = 200_000_000
KIND = "voxsieve tone model"
SCORES = "scores"


class Card(BaseModel):
    """What a model is. `temperature` divides its scores, so that their softmax is a probability that holds.

    `features` is the fingerprint of the names of `parts`; `data` and `scores` are told and not used.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    kind: Literal["voxsieve tone model"]
    version: Literal[1]
    sha256: str
    parts: list[Literal["descriptors", "voice", "basic180"]] = Field(min_length=1)
    features: str
    normalize: bool
    tones: list[Annotated[str, Field(pattern=r"^[^\s/\\]+$")]] = Field(min_length=2)
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    recipe: dict
    data: dict
    scores: dict
    made_with: dict[str, str]

    @property
    def size(self) -> int:
        return sum(len(parts.names(part)) for part in self.parts)


def card_of(path: Path) -> Card:
    """The card of the model at `path`. Raises ModelError where file and card are not what they should be."""
    place = path.with_suffix(".json")
    if path.suffix != ".onnx":
        raise ModelError(f"tone: {path} is no .onnx file: a model is an ONNX file with its card beside it.")
    for file in (path, place):
        if not file.is_file():
            raise ModelError(f"tone: {file} does not exist: a model is NAME.onnx with its card NAME.json beside it.")
        if file.stat().st_size > LARGEST_BYTES:
            raise ModelError(f"tone: {file} is larger than {LARGEST_BYTES:,} bytes: it is no tone model.")
    try:
        card = Card.model_validate_json(place.read_bytes())
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "its JSON"
        raise ModelError(
            f"tone: the card {place} is not valid ({where}: {fault['msg']}): train the model anew."
        ) from None
    if sha256(path) != card.sha256:
        raise ModelError(
            f"tone: {path} is not the file that its card {place.name} was written for: keep them together."
        )
    if card.features != parts.fingerprint(card.parts):
        raise ModelError(
            f"tone: {path} was trained on other features ({'+'.join(card.parts)} as of {card.features}) than this "
            f"version measures ({parts.fingerprint(card.parts)}): train it anew."
        )
    return card


class Model:
    """A model at work. Raises ModelError where it cannot be used."""

    def __init__(self, path: Path, threads: int = 1):
        self.card = card_of(path)
        try:
            self.session = runtime.session(path, threads, "cpu")
            width = self.session.get_inputs()[0].shape[1]
            outputs = {output.name: output.shape for output in self.session.get_outputs()}
        except Exception as error:  # onnxruntime has no common class for what it finds wrong with a file
            raise ModelError(f"tone: {path} cannot be opened ({str(error):.200}): train the model anew.") from None
        if width != self.card.size or SCORES not in outputs:
            raise ModelError(
                f"tone: {path} takes {width} numbers, its card says {self.card.size}: keep the two together."
            )
        self._input = self.session.get_inputs()[0].name

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """The scores (n, tones) of vectors (n, size), normalised where the card asks for it."""
        return self.session.run([SCORES], {self._input: vectors.astype(np.float32)})[0]

    def probabilities(self, vectors: np.ndarray, among: list[str] | None = None) -> np.ndarray:
        """Probabilities (n, tones) of vectors (n, size); with `among` only these tones are thought possible."""
        heated = self.scores(vectors).astype(np.float64) / self.card.temperature
        if among:
            heated[:, [tone not in among for tone in self.card.tones]] = -np.inf
        raised = np.exp(heated - heated.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)


def tell(probabilities: np.ndarray, tones: list[str], least: float) -> tuple[list[str], np.ndarray]:
    """The likeliest tone of every row, "" where its probability is under `least`; and that probability."""
    best = probabilities.max(axis=1)
    told = [tones[at] if sure >= least else "" for at, sure in zip(probabilities.argmax(axis=1), best, strict=True)]
    return told, best
