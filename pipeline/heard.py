"""The key under which what was heard in a normalized clip is kept, so that no clip is heard twice."""

import hashlib
import json

SOUND = ("id", "sha256", "start", "end", "lufs", "true_peak_dbtp", "sample_rate")  # fields that identify a clip's sound


def key(row: dict, *deciding: object) -> str:
    """A digest of the sound of a clip (a NormalizedClip) and of what else decides what is heard, as JSON has it."""
    text = json.dumps([*deciding, *(row[name] for name in SOUND)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
