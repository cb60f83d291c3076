"""What people decided, and how much of the corpus rests on it."""

from collections.abc import Iterable

from pipeline.decision import Decision
from stages.report import words

NAMES = {  # kind -> what one of them is called, and several
    "voice": ("voice", "voices"),
    "two": ("voice heard as two", "voices heard as two"),
    "speaker": ("clip's speaker", "clips' speakers"),
    "keep": ("clip kept", "clips kept"),
    "drop": ("clip dropped", "clips dropped"),
    "text": ("text", "texts"),
    "tone": ("clip's tone", "clips' tones"),
    "retime": ("clip with other ends", "clips with other ends"),
    "split": ("clip split", "clips split"),
    "join": ("clip joined", "clips joined"),
}


class Resting:
    """Collects the seconds of the corpus's clips that rest on a decision, by what it was about."""

    def __init__(self):
        self.seconds = {"": 0.0, "voice": 0.0, "clip": 0.0}

    def add(self, row: dict) -> None:
        self.seconds[row.get("decided") or ""] += row["end"] - row["start"]


def people(holding: Iterable[Decision]) -> list[tuple[str, str]]:
    """(person, what they decided) of everyone who did, in the order of their names."""
    counts: dict[str, dict[str, int]] = {}
    for decision in holding:
        if decision.kind in NAMES:
            of_person = counts.setdefault(decision.who, {})
            of_person[decision.kind] = of_person.get(decision.kind, 0) + 1
    return [
        (who, ", ".join(f"{kinds[kind]:,} {NAMES[kind][kinds[kind] != 1]}" for kind in NAMES if kind in kinds))
        for who, kinds in sorted(counts.items())
    ]


def parts(holding: list[Decision], resting: Resting) -> dict:
    """The parts of the page: `people`, and `resting`, a sentence."""
    total = sum(resting.seconds.values())
    by_voice, by_clip = (
        f"{words.span(resting.seconds[name])} ({words.share(resting.seconds[name], total)})"
        for name in ("voice", "clip")
    )
    sentence = f"Of the corpus {by_voice} rests on what was said of a voice, {by_clip} on what was said of a clip."
    return {"people": people(holding), "resting": sentence}
