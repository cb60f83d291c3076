"""What speaks for and against a text of a clip: measures by name, as keys of `filters:` and reasons of rejects.

Each is a number that is greater (or less) the less a text can be trusted, or None where it cannot be measured.
"""

import re
import unicodedata
import zlib

from engines.scores import Score

EDGE = 12  # characters at either end of a text
TOLD = 12  # clips of a voice that its pace can be told from

MEASURES = {
    "text_rate": Score(
        "IQR", 0, 4, "low", "how far its characters a second lie outside the quartiles of the voice", digits=2
    ),
    "text_disagrees": Score("", 0, 1, "low", "character error rate between two sources", digits=3),
    "text_cut": Score(
        "", 0, 1, "low", f"the same in the first or last {EDGE} characters, the worse of the two", digits=3
    ),
    "text_repeats": Score("", 0, 1, "low", "share of the words that repeat those just before", digits=3),
    "text_compression": Score("", 0.5, 4, "low", "how much shorter zlib makes the text", digits=2),
    "text_uncovered": Score("", 0, 1, "low", "share of the clip's speech that no word covers", digits=3),
    "text_no_speech": Score("", 0, 1, "low", "the recogniser's probability that nobody speaks", digits=3),
    "text_log_probability": Score("nats", -3, 0, "high", "the recogniser's mean log probability of a token", digits=3),
}


def letters(text: str) -> str:
    """The letters and digits of a text, in lower case, without accents' variants of writing (NFKC)."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def compression(text: str) -> float:
    """Bytes of a text over those that zlib makes of it; repetitions make it large."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def repeats(text: str) -> float:
    """The share of the words that say again what stands just before them: phrases of up to six words."""
    words = re.findall(r"\w+", text.casefold())
    repeated, at = 0, 1
    while at < len(words):
        length = next((n for n in range(min(6, at), 0, -1) if words[at - n : at] == words[at : at + n]), 0)
        repeated += length
        at += length or 1
    return repeated / len(words) if words else 0.0


def disagreement(text: str, witness: str) -> tuple[float, float]:
    """(character error rate of a text against a witness, the worse of those of its first and last EDGE characters).

    Characters that the witness has before the text's first or behind its last are errors of that edge.
    """
    a, b = letters(text), letters(witness)
    if not a or not b:
        return (0.0, 0.0) if a == b else (1.0, 1.0)
    steps = _alignment(a, b)
    errors = sum(cost for _, cost in steps)
    edge = min(EDGE, len(a))
    first = sum(cost for place, cost in steps if place < edge)
    last = sum(cost for place, cost in steps if place >= len(a) - edge)
    return min(errors / len(a), 1.0), min(max(first, last) / edge, 1.0)


def _alignment(a: str, b: str) -> list[tuple[int, int]]:
    """The steps of the cheapest way from `b` to `a`: (place in `a`, 0 or 1 error); Levenshtein 1966.

    What `b` has beyond the ends of `a` counts at its first and its last place.
    """
    from rapidfuzz.distance import Levenshtein

    steps = [(place, 0) for place in range(len(a))]
    for kind, place, _ in Levenshtein.editops(a, b):
        where = min(place, len(a) - 1)
        if kind == "insert":
            steps.append((where, 1))
        else:
            steps[where] = (where, 1)
    return steps
