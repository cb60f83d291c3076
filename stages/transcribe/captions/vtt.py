"""WebVTT (W3C) and SubRip: blocks with a line of times and lines of text; in WebVTT words may have times as well."""

import re

from stages.transcribe.captions.cue import Cue, seconds

_STAMP = r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2})[.,](\d{1,6})"
_TIMES = re.compile(rf"[ \t]{{0,9}}(-?){_STAMP}[ \t]{{1,9}}-->[ \t]{{1,9}}(-?){_STAMP}")
_WORD_TIME = re.compile(rf"<{_STAMP}>")


def read(text: str) -> list[Cue]:
    """The cues of a file, in its order; lines that belong to none are passed over."""
    cues: list[Cue] = []
    times: tuple[float, float] | None = None
    lines: list[str] = []
    late = False  # whether the lines stand behind an empty one

    def close() -> None:
        if times and lines:
            cues.append(_cue(*times, lines))

    for line in text.split("\n"):
        if match := _TIMES.match(line):
            if lines and (lines[-1].isdigit() or late):  # the next cue's number, or its name behind a cue without text
                lines.pop()
            close()
            before, *start, after, h, m, s, f = match.groups()
            times, lines = (_signed(before, seconds(*start)), _signed(after, seconds(h, m, s, f))), []
            late = False
        elif not line.strip() and lines:
            close()
            times, lines = None, []
        elif times and line.strip():
            if not lines and late and line.startswith("NOTE"):
                times = None
                continue
            lines.append(line.strip())
        elif times:
            late = True
    close()
    return cues


def _signed(sign: str, value: float) -> float:
    return -value if sign else value


def _cue(start: float, end: float, lines: list[str]) -> Cue:
    """The cue of some lines; a line with times in it is what is new in it, the lines above repeat the cue before."""
    timed = [line for line in lines if _WORD_TIME.search(line)]
    if not timed:
        return Cue(start, end, "\n".join(lines))
    words: list[tuple[str, float]] = []
    for line in timed:
        at = start
        parts = _WORD_TIME.split(line)  # text, then four groups of a time and the text after it, again and again
        for number in range(0, len(parts), 5):
            if number:
                at = seconds(*parts[number - 4 : number])
            words += [(word, at) for word in re.sub(r"<[^<>]{0,99}>", "", parts[number]).split()]
    return Cue(start, end, " ".join(word for word, _ in words), tuple(words))
