"""formats: its settings, and what the others know of it."""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from pipeline.registry import Stage
from stages.formats import layouts


def faults(config: Any) -> Iterator[str]:
    """What is asked for and cannot be made."""
    if not config.tone.asked and ("tones" in config.exports or config.tone.as_speakers):
        yield "exports by tone (tones, tone.as_speakers) need tones: set tone.model or tone.clusters"


STAGE = Stage(
    after=("export",),
    unit="corpus",
    sections={
        "exports": (
            list[Literal[tuple(layouts.known())]],
            Field(
                default=[],
                description="Further layouts to write into corpus_dir: "
                + ", ".join(f"{name} ({layout.HELP})" for name, layout in layouts.known().items())
                + ".",
            ),
        )
    },
    reads=("exports", "export.split", "export.seed", "tone.as_speakers", "tone.min_hours", "corpus_dir"),
    machine=(),
    check=faults,
    results=("corpus.json",),
)
