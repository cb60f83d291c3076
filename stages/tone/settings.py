"""tone: its settings, and how the pipeline runs it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from engines.tone import model, parts
from pipeline.errors import ModelError
from pipeline.registry import Name, Section, Stage


class Tone(Section):
    """How clips are spoken, held against the same speaker's others. Off until a model or clusters are asked for."""

    model: Name | None = None
    """a classifier of your own, NAME.onnx with its card NAME.json beside it; docs/tone.md shows how to train one"""

    tones: list[str] = []
    """which of the model's tones there can be; leave it empty for all"""

    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5
    """a clip whose tone is less sure has none"""

    clusters: Literal["auto"] | Annotated[int, Field(ge=0, le=20)] = 0
    """Without a model: groups of clips that are spoken alike, named by what sets them apart (higher-stronger-faster).
    How many, or auto; 0 for none"""

    as_speakers: bool = False
    """true makes a tone a speaker of its own in the exports, anna_angry, for training with several speakers"""

    min_hours: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """a tone of which a speaker has less stays with the speaker, where exports part the corpus by tone"""

    @property
    def asked(self) -> bool:
        return self.model is not None or self.clusters != 0


def faults(config: Any) -> Iterator[str]:
    """What is wrong with the model that is asked for."""
    tone = config.tone
    if tone.model is None:
        if tone.tones:
            yield "tone.tones needs tone.model: without a model there are only clusters"
        return
    try:
        card = model.card_of(Path(tone.model))
    except ModelError as error:
        yield str(error).rstrip(".")
        return
    if others := sorted(set(card.parts) - set(parts.IN_PIPELINE)):
        yield f"{tone.model} was trained on {', '.join(others)}, which the pipeline does not measure: train it on " + (
            "+".join(parts.IN_PIPELINE)
        )
    if unknown := sorted(set(tone.tones) - set(card.tones)):
        yield f"tone.tones: {tone.model} knows {', '.join(card.tones)}, not {', '.join(unknown)}"


def files(config: Any) -> list[Path]:
    """The model and its card."""
    path = Path(config.tone.model) if config.tone.model else None
    return [path, path.with_suffix(".json")] if path else []


STAGE = Stage(
    after=("speaker", "embed", "describe"),
    unit="corpus",
    section=Tone,
    machine=("decisions",),
    decisions=("tone",),
    check=faults,
    results=("manifest.jsonl",),
    asked=lambda config: config.tone.asked,
    files=files,
)
