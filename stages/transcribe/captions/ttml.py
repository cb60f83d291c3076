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
    try:
        root = ElementTree.fromstring(text.encode())  # bytes: a declared encoding no longer counts
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    units = {name.rpartition("}")[2]: value for name, value in root.attrib.items()}
    rates = {
        "t": _number(units.get("tickRate"), 1.0),
        "f": _number(units.get("frameRate"), 30.0),
        "h": 1 / 3600,
        "m": 1 / 60,
        "s": 1.0,
        "ms": 1000.0,
    }
    cues = []
    for node in root.iter():
        if isinstance(node.tag, str) and node.tag.rpartition("}")[2] == "p":
            start = _time(node.get("begin"), rates)
            end = _time(node.get("end"), rates)
            if start is not None and end is None and (length := _time(node.get("dur"), rates)) is not None:
                end = start + length
            if start is not None and end is not None:
                cues.append(Cue(start, end, _text(node)))
    return cues


def _text(node: ElementTree.Element) -> str:
    parts = [node.text or ""]
    for child in node:
        parts.append(" " if child.tag.rpartition("}")[2] == "br" else _text(child))
        parts.append(child.tail or "")
    return "".join(parts)


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
