"""Captions read into cues, whatever their format: a module for each, named in pipeline/captions.py, with `read`.

They come from outside: readers use patterns and parsers of bounded time only, on files of at most LIMIT bytes.
"""

import importlib
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.captions import FORMATS
from stages.transcribe.captions import tidy
from stages.transcribe.captions.cue import Cue
from stages.transcribe.captions.encoding import decode

LIMIT = 20_000_000  # bytes; those of a day of speech are a few million
CUES = 200_000  # at most in one file
LANGUAGE = re.compile(r"\.([A-Za-z]{2,3})(?:-[A-Za-z0-9-]{1,20})?$")


class Unreadable(Exception):
    """Captions that cannot be used; its text says why."""


@dataclass(frozen=True)
class Captions:
    """The cues of one file, in the order of time; `repairs`: what was mended in it, a sentence each."""

    language: str | None
    cues: list[Cue]
    repairs: list[str]


def language_of(path: Path) -> str | None:
    """The language (ISO 639) that a caption file's name states, as NAME.pt-BR.vtt; None where it states none."""
    match = LANGUAGE.search(path.stem)
    return match[1].lower() if match else None


def read(path: Path) -> Captions:
    """The captions in a file. Raises Unreadable where nothing in it can be used."""
    size = path.stat().st_size
    if size > LIMIT:
        raise Unreadable(f"it is {size / 1e6:.0f} MB long, expected at most {LIMIT / 1e6:.0f} MB")
    text, repairs = decode(path.read_bytes())
    if text is None:
        raise Unreadable("it is not in UTF-8, and in which encoding it is cannot be told for certain: save it in UTF-8")
    if not text.strip():
        raise Unreadable("it is empty")
    reader = importlib.import_module(f"{__name__}.{FORMATS[path.suffix.lower()]}")
    try:
        cues = reader.read(text)
    except ValueError as error:
        raise Unreadable(f"it cannot be read as {path.suffix[1:].lower()}: {error}") from error
    if len(cues) > CUES:
        raise Unreadable(f"it has {len(cues)} cues, expected at most {CUES}")
    cues, mended = tidy.cues(cues)
    if not cues:
        raise Unreadable("no cue in it has times and words")
    return Captions(language_of(path), cues, repairs + mended)
