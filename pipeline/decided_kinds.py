"""What a decision of each kind has to say: how many places and times, and which values. Pure functions."""

import re
from collections.abc import Mapping, Sequence

PLACES = dict.fromkeys("speaker keep drop text tone retime split".split(), 1) | {"join": 2}  # of one recording
TIMES = {"retime": 2, "split": 1}  # any other kind has none
NAMED = ("voice", "speaker")  # the value is a speaker's name, or ""
TONE = r"[^\s/\\]{1,80}"  # a name that can stand in the name of a folder


def fault(kind: str, places: Mapping[str, Sequence], value: str, times: Sequence[float]) -> str:
    """What is wrong with a decision, "" for nothing. places: SHA-256 of a recording -> spans in it."""
    spans, needed = sum(map(len, places.values())), PLACES.get(kind)
    if needed and (spans, len(places)) != (needed, 1):
        return f"{kind} is about {needed} place{'s' * (needed > 1)} of one recording, found {spans} of {len(places)}"
    if needed and len(times) != TIMES.get(kind, 0):
        return f"{kind} has {TIMES.get(kind, 0)} times, found {len(times)}"
    if kind == "tone" and (value != value.lower() or not re.fullmatch(TONE, value)):
        return f"a tone is a name in small letters without spaces and slashes, found '{value}'"
    if kind in NAMED and value and not is_name(value):
        return f"a speaker's name has letters or digits, no '/', '\\' or '=' and no spaces around it, found {value!r}"
    return ""


def is_name(value: str) -> bool:
    """Whether a text can be a speaker's name, which names folders as well."""
    return value.isprintable() and value == value.strip() and bool(value.strip(". ")) and not set(value) & set("=/\\")
