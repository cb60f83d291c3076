"""What the stage enhance did: clips changed, clips left alone and why, scores before and after, some to listen to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from stages.report import compare, players, sound, words
from stages.report.histograms import Spread
from stages.report.reading import Smallest, draw
from stages.report.sound import Piece

HEARD = 4  # enhanced clips that are played before and after
OVERALL = "dnsmos_ovrl"  # the score that is compared, by its name among the scores


@dataclass
class Outcomes:
    """Collects the rows of the stage: clips and seconds by what became of them, and the scores of the changed ones."""

    of: dict[str, list[float]] = field(default_factory=dict)  # what became of a clip -> [clips, seconds]
    before: Spread = field(default_factory=Spread)
    after: Spread = field(default_factory=Spread)
    drawn: Smallest = field(default_factory=lambda: Smallest(HEARD, lambda row: draw(row["id"])))

    def add(self, row: dict) -> None:
        made = row.get("enhanced")
        said = f"made of the {made}" if made else f"left as it was: {row.get('unchanged', '')}"
        counted = self.of.setdefault(said, [0, 0.0])
        counted[0] += 1
        counted[1] += row["end"] - row["start"]
        if made:
            self.drawn.add(row)
        if made and "overall" in row.get("before", {}):
            overall = row["before"]["overall"]
            self.before.add({OVERALL: overall})
            self.after.add({OVERALL: overall + row["compared"]["rise"]})

    @property
    def rows(self) -> list[dict]:
        """A line for each outcome, the changed clips first."""
        order = sorted(self.of.items(), key=lambda item: (item[0].startswith("left"), -item[1][1]))
        return [{"said": said, "clips": f"{int(n):,}", "span": words.span(seconds)} for said, (n, seconds) in order]


def section(rows: Iterable[dict], work: Path) -> dict | None:
    """The parts of the section, None where no clip went through the stage."""
    outcomes = Outcomes()
    for row in rows:
        outcomes.add(row)
    if not outcomes.of:
        return None
    return {
        "rows": outcomes.rows,
        "spreads": compare.figures(outcomes.after, outcomes.before),
        "heard": [clip for row in outcomes.drawn.rows if (clip := _heard(row, work))],
    }


def _heard(row: dict, work: Path) -> dict | None:
    """A clip with its players before (the place in the vocals) and after (its own file)."""
    seconds = min(row["end"] - row["start"], sound.LONGEST)
    pieces = {
        "before": Piece(work / row["path"], row["start"], seconds),
        "after": Piece(work / row["enhanced_path"], 0.0, seconds),
    }
    sides = {name: players.player(piece, f"{row['id']} {name}") for name, piece in pieces.items()}
    return {"clip": row["id"], "sides": sides} if all(sides.values()) else None
