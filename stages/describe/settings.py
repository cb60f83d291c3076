"""describe: how the pipeline runs it."""

from pipeline.registry import Stage

STAGE = Stage(
    after=("speaker",),
    machine=("threads", "max_failed_fraction"),
    # A clip that cannot be described has no tone; it is no reason to leave it out of the corpus.
    results=("manifest.jsonl",),
    asked=lambda config: config.tone.asked,
)
