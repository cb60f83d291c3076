"""export: its settings, and how the pipeline runs it."""

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.decision import OF_CLIPS, OF_CUTS, OF_VOICES
from pipeline.registry import Section, Stage

Share = Annotated[float, Field(ge=0, lt=1)]


class Split(Section):
    """Shares of the corpus."""

    validation: Share = 0.05
    test: Share = 0.05

    @model_validator(mode="after")
    def _leaves_some(self):
        if self.validation + self.test >= 1:
            raise ValueError(f"validation {self.validation:g} and test {self.test:g} leave nothing to train on")
        return self


class Export(Section):
    """The corpus's files."""

    sample_rate: Annotated[int, Field(ge=8000, le=48000)] = 22050
    """Hz, mono, 16 bit"""

    split: Split = Split()
    """shares of the exports below; by recording, with few recordings by the minute; the rest is for training"""

    seed: int = 0
    """another seed, another split"""


STAGE = Stage(
    after=("select",),
    unit="corpus",
    section=Export,
    reads=("input", "sources", "corpus_dir"),
    machine=("decisions",),
    decisions=(*OF_VOICES, *OF_CLIPS, *OF_CUTS),
    results=("corpus.json",),
)
