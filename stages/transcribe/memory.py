"""What recognisers have heard is kept, clip by clip, as it comes: no clip is heard or paid for twice.

A file for each recording beside the manifest, a JSON object a line: the key of clip and recogniser, and what was heard.
The key holds what decides the answer (the clip's sound, the recogniser's settings) and not the code, so that a newer
version of voxsieve does not pay for an hour of speech again.
"""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

from engines.recognition import Recognition, Word

SOUND = ("id", "sha256", "start", "end", "lufs", "true_peak_dbtp", "sample_rate")  # identify a clip's sound


class Memory:
    """What was heard in the clips of one recording, by key."""

    def __init__(self, path: Path):
        self.path = path
        self.heard: dict[str, Recognition] = {}
        self.handle = None
        for line in path.read_text(encoding="utf-8").split("\n") if path.is_file() else ():
            try:
                entry = json.loads(line)
                words = tuple(Word(**word) for word in entry["heard"].pop("words"))
                self.heard[entry["key"]] = Recognition(**entry["heard"], words=words)
            except (ValueError, KeyError, TypeError):
                continue  # the last line of a killed run

    @staticmethod
    def key(clip: dict, engine: str, deciding: dict) -> str:
        """A digest of what decides what a recogniser hears in a clip."""
        text = json.dumps([engine, deciding, *(clip[name] for name in SOUND)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def add(self, key: str, recognition: Recognition) -> None:
        """Keep an answer: it is on the disk when this returns."""
        if self.handle is None:
            self.handle = open(self.path, "a+b")
            if self.handle.tell() and (self.handle.seek(-1, os.SEEK_END), self.handle.read(1))[1] != b"\n":
                self.handle.write(b"\n")
        self.heard[key] = recognition
        self.handle.write(json.dumps({"key": key, "heard": asdict(recognition)}).encode() + b"\n")
        self.handle.flush()
        os.fsync(self.handle.fileno())

    def close(self) -> None:
        if self.handle:
            self.handle.close()
