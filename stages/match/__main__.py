"""match: find clips of the corpus that hold the same sound, such as a jingle that every episode has.

Compares all clips that have a score and drops none: `select` does that. Writes matches.jsonl, with a line for each
pair of clips: `first`, `second`, and the share of each that their common sound covers.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pipeline import audio, entry, manifest, program, vouch
from pipeline.rows import Scored
from stages.match import matching

STAGE = "match"


class Prints:
    """The clips of a corpus: `ids` and `seconds` by number, and where their fingerprints are stored."""

    def __init__(self, clips: Iterable[dict], work: Path):
        self.ids, self.seconds, self.places = [], [], []
        files: dict[str, Path] = {}
        for row in clips:
            self.ids.append(row["id"])
            self.seconds.append(place_seconds(row["id"]))
            path = files.setdefault(row["fingerprints"], work / row["fingerprints"])
            self.places.append((path, row["fingerprint"]))

    def read(self) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Number, hashes and frames of every clip, in order; one recording's file is held at a time."""
        opened = stored = None
        for clip, (path, place) in enumerate(self.places):
            if path != opened:
                audio.check_there(path)
                opened, stored = path, dict(np.load(path))
            part = slice(*stored["bounds"][place : place + 2])
            yield clip, stored["hashes"][part], stored["frames"][part]


def place_seconds(clip: str) -> float:
    """The length of a clip, from the milliseconds in its id."""
    _, start, end = clip.rsplit("_", 2)
    return (int(end) - int(start)) / 1000


def find(prints: Prints, scratch: Path) -> Iterator[dict]:
    """The matches, in the order of the clips; `scratch` is an empty folder for postings."""
    for match in matching.matches(prints.read(), scratch):
        shares = {
            f"{side}_share": round(match.seconds / prints.seconds[clip], 3)
            for side, clip in (("first", match.first), ("second", match.second))
        }
        yield {"first": prints.ids[match.first], "second": prints.ids[match.second]} | shares


def main() -> None:
    job = program.parse(STAGE, __doc__)
    places = [manifest.of_shard(job.work, "score", shard) for shard in manifest.shards(job.work)]
    with vouch.alone(job.out), tempfile.TemporaryDirectory(dir=job.out) as scratch:
        clips = (row for place in places for row in manifest.stream(place, Scored))
        lines = [json.dumps(match) + "\n" for match in find(Prints(clips, job.work), Path(scratch))]
        manifest.write_text(job.out / "matches.jsonl", "".join(lines))


if __name__ == "__main__":
    entry.run(main)
