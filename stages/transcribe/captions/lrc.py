"""LRC: a line of text behind the time at which it begins; <times> inside a line are those of its words."""

import re

from stages.transcribe.captions.cue import Cue, seconds

LAST_SECONDS = 5.0  # the length given to the last line, which nothing ends
_LINE = re.compile(r"\[(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_WORD = re.compile(r"<(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?>")
_SHIFT = re.compile(r"\[offset:\s{0,9}([+-]?\d{1,7})\]", re.I)


def read(text: str) -> list[Cue]:
    """The cues of a file: each line lasts until the next; a line with several times is said as often."""
    shift = -int(match[1]) / 1000 if (match := _SHIFT.search(text)) else 0.0  # positive: the text comes sooner
    starts: list[tuple[float, str]] = []
    for line in text.split("\n"):
        at, times = 0, []
        while match := _LINE.match(line, at):
            times.append(seconds(None, *match.groups()))
            at = match.end()
        starts += [(time + shift, line[at:].strip()) for time in times]
    starts.sort()
    ends = [start for start, _ in starts[1:]] + [starts[-1][0] + LAST_SECONDS if starts else 0.0]
    return [_cue(start, end, words, shift) for (start, words), end in zip(starts, ends, strict=True) if words]


def _cue(start: float, end: float, line: str, shift: float) -> Cue:
    if not _WORD.search(line):
        return Cue(start, end, line)
    words, at = [], start
    parts = _WORD.split(line)
    for number in range(0, len(parts), 4):
        if number:
            at = seconds(None, *parts[number - 3 : number]) + shift
        words += [(word, at) for word in parts[number].split()]
    return Cue(start, end, " ".join(word for word, _ in words), tuple(words))
