"""proofread: how the pipeline runs it. What it goes by stands in `transcribe` and, for thresholds, in `filters`."""

from pathlib import Path

from pipeline.registry import Stage

STAGE = Stage(
    after=("speaker", "transcribe"),
    unit="corpus",
    reads=("transcribe.engines", "transcribe.language", "transcribe.texts", "corpus_dir"),
    machine=("decisions",),
    files=lambda settings: [Path(settings.transcribe.texts)] if settings.transcribe.texts else [],
    results=("manifest.jsonl",),
)
