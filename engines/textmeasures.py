"""What speaks for and against a text of a clip: measures by name, as keys of `filters:` and reasons of rejects.

Each is a number that is greater (or less) the less a text can be trusted, or None where it cannot be measured.
"""

import re
import unicodedata
import zlib

from engines.scores import Score

EDGE = 12  # characters by which one text may go beyond another; more count as this many
ANCHOR = 3  # equal characters in a row that two texts are held together by
PHRASE = 8  # words of the longest repeated phrase that is looked for
TOLD = 12  # clips of a voice that its pace can be told from

MEASURES = {
    "text_rate": Score(
        "IQR", 0, 4, "low", "how far its characters a second lie outside the quartiles of the voice", digits=2
    ),
    "text_disagrees": Score("", 0, 1, "low", "character error rate between two sources", digits=3),
    "text_cut": Score(
        "", 0, 1, "low", f"characters that one source has beyond the other at an end, as a share of {EDGE}", digits=3
    ),
    "text_repeats": Score("words", 0, PHRASE, "low", "longest phrase that is said twice in a row", digits=0),
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


def repeats(text: str) -> int:
    """How many words the longest phrase has that a text says twice in a row; 0 where there is none."""
    words = re.findall(r"\w+", text.casefold())

    def twice(length: int) -> bool:
        places = range(len(words) - 2 * length + 1)
        return any(words[at : at + length] == words[at + length : at + 2 * length] for at in places)

    return next((length for length in range(PHRASE, 0, -1) if twice(length)), 0)


def disagreement(text: str, witness: str) -> tuple[float, float]:
    """(character error rate of a text against a witness, how far one goes beyond the other at an end), 0 to 1.

    At an end the characters before the first, or behind the last, run of ANCHOR equal ones are counted in both: a
    recogniser may hear other words there, but about as many.
    """
    from rapidfuzz.distance import Levenshtein

    a, b = letters(text), letters(witness)
    if not a or not b:
        return (0.0, 0.0) if a == b else (1.0, 1.0)
    equal = [
        part for part in Levenshtein.opcodes(a, b) if part.tag == "equal" and part.src_end - part.src_start >= ANCHOR
    ]
    beyond = EDGE
    if equal:
        before = abs(equal[0].src_start - equal[0].dest_start)
        behind = abs((len(a) - equal[-1].src_end) - (len(b) - equal[-1].dest_end))
        beyond = max(before, behind)
    elif a == b:
        beyond = 0
    return min(Levenshtein.distance(a, b) / len(a), 1.0), min(beyond / EDGE, 1.0)
