"""report: what the others know of it."""

from pipeline.registry import Stage

STAGE = Stage(
    after=("export",),
    unit="corpus",
    reads=("filters", "corpus_dir", "enhance.mode"),
    machine=(),
    results=("corpus.json",),
)
