"""TTML (W3C) and DFXP: XML with a <p> for every cue."""

import re
from xml.etree import ElementTree

from stages.transcribe.captions.cue import Cue, seconds

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2})(?:[.,](\d{1,6})|:(\d{1,3}))?$")
_OFFSET = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(h|ms|m|s|t|f)$")


def read(text: str) -> list[Cue]:
    """The cues of a file. Raises ValueError where it is no XML, or one that declares entities."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("it declares a document type of its own, which is not read")
    parser = ElementTree.XMLParser(target=_Document())
    try:
        parser.feed(text)  # as str and not as bytes: an encoding that the file declares no longer counts
        return parser.close()
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error


class _Document:
    """Gathers cues as the parser goes: no tree is kept, however deep the elements of a file lie in each other."""

    def __init__(self):
        self.cues: list[Cue] = []
        self.rates: dict[str, float] = {}
        self.times: tuple[float, float] | None = None  # of the <p> that is open
        self.parts: list[str] = []
        self.depth = 0  # of elements in that <p>

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.rates = self.rates or _rates(attributes)  # those of the root
        name = tag.rpartition("}")[2]
        if self.times:
            self.depth += 1
            self.parts += ["\n"] if name == "br" else []
        elif name == "p" and (times := _times(attributes, self.rates)):
            self.times, self.parts, self.depth = times, [], 0

    def data(self, text: str) -> None:
        if self.times:
            self.parts.append(text)

    def end(self, tag: str) -> None:
        if self.times and not self.depth:
            self.cues.append(Cue(*self.times, "".join(self.parts)))
            self.times = None
        self.depth -= bool(self.times)

    def close(self) -> list[Cue]:
        return self.cues


def _rates(root: dict[str, str]) -> dict[str, float]:
    """Unit of an offset -> how many of it are a second, from the attributes of the root."""
    units = {name.rpartition("}")[2]: value for name, value in root.items()}
    ticks, frames = _number(units.get("tickRate"), 1.0), _number(units.get("frameRate"), 30.0)
    return {"t": ticks, "f": frames, "h": 1 / 3600, "m": 1 / 60, "s": 1.0, "ms": 1000.0}


def _times(attributes: dict[str, str], rates: dict[str, float]) -> tuple[float, float] | None:
    """Start and end of a <p> in seconds; None where it tells them not."""
    start, end, length = (_time(attributes.get(name), rates) for name in ("begin", "end", "dur"))
    if start is not None and end is None and length is not None:
        end = start + length
    return None if start is None or end is None else (start, end)


def _number(value: str | None, default: float) -> float:
    return float(value) if value and re.fullmatch(r"\d{1,9}", value) and int(value) else default


def _time(value: str | None, rates: dict[str, float]) -> float | None:
    """Seconds of a clock time or of an offset with a unit; None where it is neither."""
    if match := _CLOCK.match((value or "").strip()):
        hours, minutes, whole, fraction, frames = match.groups()
        return seconds(hours, minutes, whole, fraction) + int(frames or 0) / rates["f"]
    if match := _OFFSET.match((value or "").strip()):
        return float(match[1]) / rates[match[2]]
    return None
