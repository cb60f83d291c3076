"""select: keep the clips whose scores lie within the thresholds, and of clips that hold the same sound one or none.

`score` made the scores and `match` found what returns; here they are only compared, so that a changed threshold costs
seconds. Thresholds come first, so that the repeat that is kept is a good one. The manifest is read a row at a time: a
corpus may have a million clips.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from pipeline import manifest, program, run
from pipeline.errors import ConfigError
from pipeline.filters import SCORES
from stages import match, repeats

STAGE = "select"


@dataclass(frozen=True)
class Thresholds:
    """The least and the greatest value by name of the score; a score in neither is not looked at."""

    least: dict[str, float]
    greatest: dict[str, float]

    def faults(self, row: dict) -> list[tuple[str, str]]:
        """(score, what is wrong with it) for every score of a row that lies outside; a null lies outside."""
        found = []
        for name in SCORES:
            low, high = self.least.get(name), self.greatest.get(name)
            if low is None and high is None:
                continue
            if (value := row[name]) is None:
                found.append((name, f"{name} could not be measured"))
            elif low is not None and value < low:
                found.append((name, f"{name} {value:g} is below {low:g}"))
            elif high is not None and value > high:
                found.append((name, f"{name} {value:g} is above {high:g}"))
        return found


def decide(row: dict, thresholds: Thresholds, repeated: dict[str, str]) -> tuple[str, str] | None:
    """Why a row is dropped, (reason, message), or None."""
    if faults := thresholds.faults(row):
        return faults[0][0], "; ".join(text for _, text in faults) + "."
    if other := repeated.get(row["id"]):
        return "repeat", f"The sound of {other} again."
    return None


def select(source: Path, thresholds: Thresholds, matches: list[dict], keep: str, out: Path) -> None:
    """Write out/manifest.jsonl and out/rejects.jsonl from the manifest `source`."""
    good = (row["id"] for row in manifest.stream(source) if not thresholds.faults(row))
    repeated = repeats.dropped(good, matches, keep)
    with (
        manifest.writing(out / "manifest.jsonl") as kept,
        manifest.writing(out / "rejects.jsonl", manifest.REJECT) as dropped,
    ):
        for row in manifest.stream(source):
            if why := decide(row, thresholds, repeated):
                dropped(manifest.reject(row, STAGE, *why))
            else:
                kept(row | {"parent_id": row["id"]})


def bounds(given: list[str]) -> dict[str, float]:
    """The thresholds of flags NAME=VALUE; ConfigError for a name that is no score or a value that is no number."""
    found = {}
    for one in given:
        name, _, value = one.partition("=")
        if name not in SCORES:
            raise ConfigError(f"select: '{name}' is no score, expected one of {', '.join(SCORES)}.")
        try:
            found[name] = float(value)
        except ValueError:
            raise ConfigError(f"select: the threshold of '{name}' expected a number, found '{value}'.") from None
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=program.Defaults)
    parser.add_argument("--manifest", type=Path, required=True, help="manifest.jsonl of the speaker stage")
    parser.add_argument("--out", type=Path, required=True, help="folder for this stage's manifest and rejects")
    parser.add_argument("--matches", type=Path, nargs="?", help="matches.jsonl of the match stage; without: no repeats")
    parser.add_argument("--min", action="append", default=[], metavar="SCORE=VALUE", help="least value of a score")
    parser.add_argument("--max", action="append", default=[], metavar="SCORE=VALUE", help="greatest value of a score")
    parser.add_argument("--keep", choices=("one", "none", "all"), default="one", help="of clips with the same sound")
    args = parser.parse_args()
    thresholds = Thresholds(bounds(args.min), bounds(args.max))
    with run.alone(args.out):
        select(args.manifest, thresholds, match.read(args.matches), args.keep, args.out)


if __name__ == "__main__":
    program.run(main)
