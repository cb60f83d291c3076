"""One decision: a line of a person's file, and what each kind has to say."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# voice: these places are one voice, `value` its speaker, "" nobody who is wanted; two: they are two voices. Of one
# clip: speaker (`value` as for voice), keep, drop (`value` the reason), text, tone, retime (`times` its new start and
# end), split (`times` where), join (its places become one). separated: whether a tried file came out well, yes or no.
Kind = Literal[
    "voice", "two", "speaker", "keep", "drop", "text", "tone", "retime", "split", "join", "separated", "undo"
]
OF_VOICES, OF_CUTS = ("voice", "two"), ("retime", "split", "join")
OF_CLIPS = ("speaker", "keep", "drop", "text", "tone")
Line = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x1f\x7f]*$")]
LONGEST = 1e8  # seconds; no recording lasts three years
Seconds = Annotated[float, Field(ge=0, le=LONGEST)]
SHA256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Places = dict[SHA256, list[tuple[Seconds, Seconds]]]  # SHA-256 of a recording -> (start, end) in it
NEEDED = dict.fromkeys("speaker keep drop text tone retime split".split(), 1) | {"join": 2}  # of one recording
TIMES = {"retime": 2, "split": 1}  # any other kind has none
NAMED = ("voice", "speaker")  # the value is a speaker's name, or ""
TONE = r"[^\s/\\]{1,80}"  # a name that can stand in the name of a folder


class Decision(BaseModel):
    """A line of a person's file. `undoes`: the id of the line that an undo takes back."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: Id
    who: Annotated[Line, Field(min_length=1, max_length=80)]
    when: Annotated[str, Field(pattern=r"^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]  # UTC
    kind: Kind
    places: Places = {}
    value: Line = ""
    times: list[Seconds] = []
    undoes: Id | Literal[""] = ""

    @field_validator("when")
    @classmethod
    def _is_a_date(cls, when: str) -> str:
        datetime.fromisoformat(when.removesuffix("Z"))
        return when

    @model_validator(mode="after")
    def _says_what_its_kind_needs(self) -> "Decision":
        if wrong := fault(self.kind, self.places, self.value, self.times):
            raise ValueError(wrong)
        return self

    @property
    def place(self) -> tuple[str, float, float]:
        """SHA-256, start and end of what it is about, from the first place to the last."""
        ((sha256, spans),) = self.places.items()
        return sha256, min(start for start, _ in spans), max(end for _, end in spans)


def fault(kind: str, places: Mapping[str, Sequence], value: str, times: Sequence[float]) -> str:
    """What is wrong with a decision, "" for nothing. places: SHA-256 of a recording -> spans in it."""
    spans, needed = sum(map(len, places.values())), NEEDED.get(kind)
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
