"""Praat's TextGrid, long or short: intervals of a tier with times and text."""

import re

from stages.transcribe.captions.cue import Cue

_FIELD = re.compile(r'"((?:[^"]++|"")*+)"|(?<![\w".+-])(-?\d{1,9}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?)(?![\w"\]])')
_NAMES = ("utterance", "sentence", "text", "transcript", "words", "word")  # tiers, the best first


def read(text: str) -> list[Cue]:
    """The cues of the tier that holds sentences, else of the one that holds words.

    Raises ValueError where it is no TextGrid with a tier of intervals.
    """
    if "ooTextFile" not in text[:200]:
        raise ValueError("expected ooTextFile in its head")
    tokens = [(match[1], match[2]) for match in _FIELD.finditer(text)]
    tiers: dict[str, list[Cue]] = {}
    for number, (string, _) in enumerate(tokens):
        if string == "IntervalTier" and number + 4 < len(tokens):
            name, cues, at = tokens[number + 1][0] or "", [], number + 5
            while at + 2 < len(tokens) and tokens[at][1] and tokens[at + 1][1] and tokens[at + 2][0] is not None:
                start, end, words = float(tokens[at][1]), float(tokens[at + 1][1]), tokens[at + 2][0]
                cues.append(Cue(start, end, words.replace('""', '"')))
                at += 3
            tiers[name] = cues
    if not tiers:
        raise ValueError("no tier of intervals in it")
    ranks = {name: next((i for i, word in enumerate(_NAMES) if word in name.lower()), len(_NAMES)) for name in tiers}
    best = min(tiers, key=lambda name: ranks[name])
    return [cue for cue in tiers[best] if cue.text.strip()]
