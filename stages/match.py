"""match: which clips of the corpus hold the same sound, such as a jingle that every episode has.

Looks at all clips that have a score, whoever speaks in them, and drops nothing: `select` does. Writes matches.jsonl,
a line for each pair of clips: `first`, `second`, and the share of each that their common sound covers.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pipeline import audio, manifest, program, run
from stages import fingerprint


class Prints:
    """The clips of a corpus: `ids` and `seconds` by number, and where their fingerprints lie."""

    def __init__(self, clips: Iterable[dict], work: Path):
        self.ids, self.seconds, self.places = [], [], []
        files: dict[str, Path] = {}
        for row in clips:
            self.ids.append(row["id"])
            self.seconds.append(row["duration"])
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


def find(prints: Prints, scratch: Path) -> Iterator[dict]:
    """The matches, in the order of the clips; `scratch` is an empty folder for postings."""
    for one in fingerprint.matches(prints.read(), scratch):
        shares = {
            f"{side}_share": round(one.seconds / prints.seconds[clip], 3)
            for side, clip in (("first", one.first), ("second", one.second))
        }
        yield {"first": prints.ids[one.first], "second": prints.ids[one.second]} | shares


def read(path: Path | None) -> list[dict]:
    """The matches of a file; none without one."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=program.Defaults)
    parser.add_argument("--work", type=Path, required=True, help="work folder with index/shards.json and score/")
    parser.add_argument("--out", type=Path, required=True, help="folder for matches.jsonl")
    args = parser.parse_args()

    places = [args.work / "score" / shard / "manifest.jsonl" for shard in manifest.shards(args.work)]
    with run.alone(args.out), tempfile.TemporaryDirectory(dir=args.out) as scratch:
        clips = (row for place in places for row in manifest.stream(place))
        lines = [json.dumps(match) + "\n" for match in find(Prints(clips, args.work), Path(scratch))]
        manifest.write_text(args.out / "matches.jsonl", "".join(lines))


if __name__ == "__main__":
    program.run(main)
