"""What recognisers have heard is kept, clip by clip, as it comes: no clip is heard or paid for twice.

A file for each recording beside the manifest, a JSON object a line: the key of clip and recogniser, and what was heard.
The key holds what decides the answer (the clip's sound, the recogniser's settings) and not the code, so that a newer
version of voxsieve does not pay for an hour of speech again.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

from engines.recognition import Recognition, Word


class Memory:
    """What was heard in the clips of one recording, by key."""

    def __init__(self, path: Path):
        self.path = path
        self.heard: dict[str, Recognition] = {}
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        self.torn = not text.endswith("\n") and bool(text)  # a run was killed as it wrote the last line
        for line in text.split("\n"):
            try:
                entry = json.loads(line)
                words = tuple(Word(**word) for word in entry["heard"].pop("words"))
                self.heard[entry["key"]] = Recognition(**entry["heard"], words=words)
            except (ValueError, KeyError, TypeError):
                continue

    def add(self, key: str, recognition: Recognition) -> None:
        """Keep an answer: it is on the disk when this returns."""
        line = json.dumps({"key": key, "heard": asdict(recognition)}).encode() + b"\n"
        with open(self.path, "ab") as file:
            file.write(b"\n" + line if self.torn else line)
            file.flush()
            os.fsync(file.fileno())
        self.heard[key], self.torn = recognition, False
