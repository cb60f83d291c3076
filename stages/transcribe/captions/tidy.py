"""Cues as they are said: no markup, no sound tags, no names of speakers, no line twice, times in order."""

import html
import re
import unicodedata

from stages.transcribe.captions.cue import Cue
from stages.transcribe.captions.encoding import UNREADABLE

LONGEST = 60.0  # seconds of a cue; a longer one says nothing about when its words are said
FARTHEST = 1e6  # seconds that a cue may lie from the beginning: eleven days
SLACK = 1.0  # seconds that a word may lie outside its cue
TEXT = 2000  # characters of a cue
ROLLING = 0.25  # least share of cues that begin with a line of the cue before
FAULTS = (
    "reversed, negative or endless times",
    "more than a minute long",
    "repeated lines",
    "characters that cannot be read",
)
_MARKUP = re.compile(r"</?[A-Za-z0-9][^<>]{0,200}>|\{\\[^{}]{0,200}\}")
_BRACKETS = ("[]", "［］", "()", "（）", "【】")
_SOUND = re.compile("|".join(rf"\{a}[^\{a}\{b}]{{0,80}}\{b}" for a, b in _BRACKETS) + r"|\*\w[^*\n]{0,38}\w\*")
_SONG = re.compile(r"[♪♫♬][^♪♫♬]{0,300}[♪♫♬]|[♪♫♬].{0,300}$", re.M)
_SPEAKER = re.compile(r"^(?:>>+|[-–—•](?!\d))\s{0,9}|^[A-Z][A-Z0-9 .'-]{0,30}:\s{1,9}", re.M)


def spoken(text: str) -> str:
    """What of a cue's text is said; "" where it only describes a sound."""
    text = html.unescape(_MARKUP.sub("", text[:TEXT]))
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    text = unicodedata.normalize("NFC", text)
    text = _SPEAKER.sub("", _SONG.sub(" ", _SOUND.sub(" ", text)))
    text = _SPEAKER.sub("", "\n".join(line.strip() for line in text.split("\n")))
    text = " ".join(text.split())
    return text if any(character.isalnum() for character in text) else ""


def cues(raw: list[Cue]) -> tuple[list[Cue], list[str]]:
    """Cues in the order of time that say something, and what was repaired: a sentence for each kind of fault."""
    counts = dict.fromkeys(FAULTS, 0)
    timed = [cue for cue in raw if 0 <= cue.start < cue.end < FARTHEST]
    counts["reversed, negative or endless times"] = len(raw) - len(timed)
    tidied: list[Cue] = []
    for cue in _unrolled(sorted(timed, key=lambda cue: (cue.start, cue.end)), counts):
        text = spoken(cue.text)
        if cue.end - cue.start > LONGEST:
            counts["more than a minute long"] += 1
        elif UNREADABLE in text:
            counts["characters that cannot be read"] += 1
        elif text:
            tidied.append(Cue(cue.start, cue.end, text, _timed_words(cue, text)))
    return tidied, [f"{count} cues left out: {fault}" for fault, count in counts.items() if count]


def _timed_words(cue: Cue, text: str) -> tuple[tuple[str, float], ...]:
    """The words of a cue with their times, where these lie in the cue and the words are those of its text."""
    words = tuple((said, at) for word, at in cue.words[:TEXT] if (said := spoken(word)))
    inside = all(cue.start - SLACK <= at <= cue.end + SLACK for _, at in words)
    return words if inside and " ".join(word for word, _ in words) == text else ()


def _unrolled(raw: list[Cue], counts: dict[str, int]) -> list[Cue]:
    """Cues without the lines that roll on from the cue before, as automatic captions show each line twice.

    Captions roll where many cues begin with a line of the cue before; elsewhere a line that comes again is said again.
    """
    lines = [[line.strip() for line in cue.text[:TEXT].split("\n") if line.strip()] for cue in raw]
    rolls = [bool(a and b and b[0] == a[-1]) for a, b in zip(lines, lines[1:], strict=False)]
    if sum(rolls) < ROLLING * len(rolls) or len(rolls) < 2:
        return raw
    kept: list[Cue] = []
    for number, (cue, own) in enumerate(zip(raw, lines, strict=True)):
        shown = lines[number - 1] if number else []
        new = next(
            (own[count:] for count in range(min(len(own), len(shown)), 0, -1) if own[:count] == shown[-count:]), own
        )
        counts["repeated lines"] += len(new) < len(own)
        if new:
            kept.append(cue._replace(text="\n".join(new)))
    return kept
