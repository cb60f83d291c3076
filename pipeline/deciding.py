"""What a stage's result was made with besides its inputs: settings, code, files from outside, what people decided."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline import code, config, decisions, ffmpeg, flags, folders, inputs, manifest, registry
from pipeline.decision import Decision
from pipeline.digest import sha256

FOLDERS = ("input", "work_dir", "corpus_dir", "downloads_dir", "decisions")
MACHINE = frozenset((*FOLDERS, *"threads device max_failed_fraction shard_minutes sources crawl".split()))


def described(settings: config.General) -> dict[str, object]:
    """The settings for the dataset card: what decides the corpus, and nothing about this machine."""
    told = settings.model_dump(mode="json", exclude=MACHINE | {"exports"})
    told["speaker"]["targets"] = sorted(settings.speaker.targets)
    told["transcribe"] |= {"texts": bool(settings.transcribe.texts), "http": settings.transcribe.http.model}
    return told


def of_shard(decided: Iterable[Decision], work: Path, shard: str) -> list[Decision]:
    """What people decided on the recordings of a shard."""
    here = {row["sha256"] for row in manifest.lines(manifest.of_shard(work, "index", shard))}
    return [decision for decision in decided if here & decision.places.keys()]


def digest(stage: str, settings: config.General, persons: str, decided: Sequence[Decision]) -> str:
    """A digest of what decides a stage's result.

    persons: a digest of the texts that people wrote; decided: what they decided and holds now.
    """
    parts = [flags.of(settings, stage, machine=False), code.digest(stage)]
    parts += [sha256(path) for path in registry.stages()[stage].files(settings)]
    if stage == "index":
        parts += [folders.listing(settings), ffmpeg.identity()]
    if stage == "reference":
        parts += [inputs.content(inputs.find(path)) for path in settings.speaker.targets.values()]
    if stage == "proofread":
        parts.append(persons)
    if stage == "formats":
        parts.append(described(settings))
    if kinds := registry.stages()[stage].decisions:
        parts.append(decisions.digest(decided, kinds))
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
