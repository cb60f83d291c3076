"""index: how the pipeline runs it."""

from pipeline.registry import Stage

STAGE = Stage(
    after=(),
    unit="corpus",
    reads=("input", "downloads_dir", "shard_minutes"),
    machine=("max_failed_fraction", "threads"),
    results=("shards.json", "rejects.jsonl"),
)
