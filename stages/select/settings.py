"""select: its settings, and how the pipeline runs it."""

from typing import Annotated, Literal

from pydantic import Field, create_model, model_validator

from engines import scores
from pipeline.registry import Section, Stage

Number = Annotated[float, Field(allow_inf_nan=False)]


class Bounds(Section):
    """The least and the greatest value of a score that a kept clip has; None sets no bound."""

    min: Number | None = None
    max: Number | None = None

    @model_validator(mode="after")
    def _order(self):
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is above max ({self.max:g}), so that no clip could be kept")
        return self


SHIPPED = {
    "dnsmos_ovrl": Bounds(min=1.5),
    "clipping": Bounds(max=0.02),
    "music_residue": Bounds(max=0.6),
    "half_similarity": Bounds(min=0.5),  # the two halves sound like two people
}

Filters = create_model(
    "Filters",
    __base__=Section,
    __doc__="Thresholds by name of the score.",
    **{name: (Bounds | None, SHIPPED.get(name)) for name in scores.known()},
)


class Repeats(Section):
    """Sounds that come back in other recordings (jingles, adverts)."""

    keep: Literal["one", "none", "all"] = "one"
    """one of each, none, or all"""


STAGE = Stage(
    after=("speaker", "score", "match", "tone"),
    unit="corpus",
    sections={
        "filters": (
            Filters,
            Field(
                default=Filters(),
                description="Least and greatest value of a score that a kept clip has; `min` and `max` of: "
                + ", ".join(scores.known())
                + ". They cost seconds to change: the scores are kept. What is shipped only drops what is plainly "
                "broken; for a studio-like corpus try dnsmos_ovrl 2.8 and bandwidth_hz 7000 (drops telephone).",
            ),
        ),
        "repeats": (Repeats, Repeats()),
    },
    reads=("filters", "repeats.keep", "tone.model", "tone.clusters"),
    machine=(),
)
