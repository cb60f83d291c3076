"""match: how the pipeline runs it."""

from pipeline.registry import Stage

STAGE = Stage(after=("score",), unit="corpus", machine=(), results=("matches.jsonl",))
