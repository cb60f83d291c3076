"""Scores are kept: after a changed choice of voices, only clips without a score are measured.

For each recording there are two files beside the manifest: scores as JSON, fingerprints as an .npz with `hashes` and
`frames`, those of clip i from bounds[i] on.
"""

import json
import zipfile
from pathlib import Path

import numpy as np

from pipeline import arrays, heard, manifest

Print = tuple[np.ndarray, np.ndarray]  # hashes and frames of a fingerprint, (k,) each


class Memory:
    """The scored clips of one recording, by key."""

    def __init__(self, place: Path, code: str):
        self.table, self.prints = place.with_suffix(".json"), place.with_suffix(".npz")
        self.code = code
        self.scores: dict[str, dict] = {}
        self.of: dict[str, Print] = {}
        try:
            saved = manifest.read_object(self.table)
            stored = dict(np.load(self.prints))
            bounds = stored["bounds"]
            if len(bounds) != len(saved) + 1:
                raise ValueError("the two files are not of one moment")
            for number, (key, scores) in enumerate(saved.items()):
                part = slice(*bounds[number : number + 2])
                self.scores[key], self.of[key] = scores, (stored["hashes"][part], stored["frames"][part])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            self.scores, self.of = {}, {}

    def key(self, row: dict) -> str:
        """A digest of what decides a clip's scores: its sound, and the code that measures."""
        return heard.key(row, self.code)

    def add(self, key: str, scores: dict, fingerprint: Print) -> None:
        self.scores[key], self.of[key] = scores, fingerprint

    def save(self) -> None:
        hashes = np.concatenate([np.zeros(0, np.uint32), *(hashes for hashes, _ in self.of.values())])
        frames = np.concatenate([np.zeros(0, np.uint16), *(frames for _, frames in self.of.values())])
        bounds = np.cumsum([0, *(len(hashes) for hashes, _ in self.of.values())])
        arrays.save(self.prints, hashes=hashes, frames=frames, bounds=bounds)
        manifest.write_text(self.table, json.dumps(self.scores))
