"""report: what the others know of it."""

from pipeline.registry import Stage

STAGE = Stage(after=("export",), unit="corpus", reads=("filters", "corpus_dir"), machine=(), results=("corpus.json",))
