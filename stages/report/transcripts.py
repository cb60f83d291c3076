"""The texts of the corpus: where they come from, how far they agree, what they cover, the least trusted to hear."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from engines.textmeasures import MEASURES
from pipeline import manifest
from pipeline.tables import legible
from stages.report import alphabets, histograms, players, words
from stages.report.histograms import Measure
from stages.report.reading import Smallest

HEARD = 20  # players of the least trusted texts
NOTES = 30  # sentences about captions
NONE = "no text"
DRAWN = tuple(
    Measure(name, f"{name}: {score.meaning}", score.unit, score.low, score.high, score.better)
    for name, score in MEASURES.items()
)


class Texts:
    """Collects what the section tells from the rows of clips.csv."""

    def __init__(self):
        self.seconds: Counter = Counter()
        self.clips: Counter = Counter()
        self.words: list[int] = []
        self.characters: dict[str, Counter] = {}
        self.doubtful = Smallest(HEARD, lambda row: row.get("text_confidence"))

    def add(self, row: dict) -> None:
        source = row.get("text_source") or (NONE if not row.get("text") else "unknown")
        self.seconds[source] += row["end"] - row["start"]
        self.clips[source] += 1
        if text := row.get("text"):
            self.words.append(len(text.split()))
            language = row.get("language") or ""
            counted = (part for part in alphabets.parts(text, language) if part.isalpha())
            self.characters.setdefault(language, Counter()).update(counted)
            self.doubtful.add(row)


def parts(texts: Texts, corpus: Path, work: Path) -> dict:
    """The parts of the page; `text_sources` is empty where no clip has a text."""
    with_text = sorted(set(texts.clips) - {NONE}, key=lambda source: (-texts.clips[source], source))
    whole = sum(texts.seconds.values())
    rows = [
        {
            "name": source,
            "clips": f"{texts.clips[source]:,}",
            "seconds": words.span(texts.seconds[source]),
            "share": words.share(texts.seconds[source], whole),
        }
        for source in [*with_text, *([NONE] if texts.clips[NONE] else [])]
    ]
    notes = list(captions(work))
    if not with_text and not notes:
        return {"text_sources": []}
    spread = histograms.Spread(DRAWN)
    path = work / "proofread" / manifest.MANIFEST
    for fact in manifest.lines(path) if path.is_file() else ():
        if fact["text"]:
            spread.add(fact)
    return {
        "text_sources": rows,
        "text_words": spread_of_words(texts.words),
        "caption_notes": notes[:NOTES],
        "text_histograms": histograms.figures(spread) if spread.clips else [],
        "coverage": [covered(language, texts.characters[language]) for language in sorted(texts.characters)],
        "text_clips": list(least_trusted(texts, corpus)),
    }


def spread_of_words(counts: list[int]) -> str:
    """Words per clip, in a sentence."""
    if not counts:
        return "No clip has a text."
    ordered = sorted(counts)
    low, middle, high = (ordered[int(share * (len(ordered) - 1))] for share in (0.05, 0.5, 0.95))
    return f"{sum(counts):,} words in {len(counts):,} clips: half have {middle} or fewer, nine of ten {low} to {high}."


def covered(language: str, characters: Counter) -> dict:
    """Which characters there are, the most frequent first, and which of the language's there are not."""
    counts = ", ".join(f"{alphabets.shown(letter)} {count:,}" for letter, count in characters.most_common(120))
    letters = alphabets.LETTERS.get(language)
    if letters is None:
        lacking = "Which letters the language has is not known here."
    else:
        missing = [alphabets.shown(letter) for letter in letters if letter not in characters]
        lacking = f"Of the language's letters the corpus lacks {', '.join(missing)}." if missing else "None is lacking."
    return {"language": language or "language not stated", "counts": counts, "lacking": lacking}


def captions(work: Path) -> Iterator[str]:
    """A sentence for every caption file that was refused, moved or repaired."""
    for path in sorted((work / "transcribe").glob("s*/r*.captions.json")):
        try:
            account = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        for file in account:
            if refused := file.get("refused"):
                yield legible(f"{file['recording_id']}, {refused}")
            elif abs(file.get("shift", 0.0)) >= 1:
                yield legible(f"{file['recording_id']}, {file['file']}: moved by {file['shift']:+g} s as a whole.")
            for repair in file.get("repairs", ()):
                yield legible(f"{file['recording_id']}, {file['file']}: {repair}.")


def least_trusted(texts: Texts, corpus: Path) -> Iterator[dict]:
    """The clips with the least confidence, with their texts."""
    for row in texts.doubtful.rows:
        if player := players.player(players.clip_piece(row, corpus), f"clip {row['clip']}"):
            facts = f"{row['text_source']}, confidence {words.number(row['text_confidence'])}: {row['text']}"
            yield {"clip": row["clip"], "place": players.place(row), "facts": facts, "player": player}
