"""formats: its settings, and what the others know of it."""

from typing import Literal

from pydantic import Field

from pipeline.registry import Stage
from stages.formats import layouts

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
    reads=("exports", "export.split", "export.seed", "corpus_dir"),
    machine=(),
    results=("corpus.json",),
)
