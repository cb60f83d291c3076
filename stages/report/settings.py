"""report: what the others know of it."""

from pipeline.decision import OF_CLIPS, OF_CUTS, OF_VOICES
from pipeline.registry import Stage

STAGE = Stage(
    after=("export",),
    unit="corpus",
    reads=("filters", "corpus_dir", "enhance.mode"),
    machine=("decisions",),
    results=("corpus.json",),
    decisions=(*OF_VOICES, *OF_CLIPS, *OF_CUTS),
)
