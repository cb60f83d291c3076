"""match: what the others know of it."""

from pipeline.registry import Stage

STAGE = Stage(after=("score",), unit="corpus", machine=(), results=("matches.jsonl",))
