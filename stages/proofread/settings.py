"""proofread: how the pipeline runs it. What it goes by stands in `transcribe` and, for thresholds, in `filters`."""

from pipeline.registry import Stage

STAGE = Stage(
    after=("speaker", "transcribe"),
    unit="corpus",
    reads=("transcribe.engines", "transcribe.language", "transcribe.texts", "corpus_dir"),
    machine=("decisions",),
    results=("manifest.jsonl",),
)
