"""speaker: its settings, and how the pipeline runs it."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.registry import Name, Section, Stage


class Speaker(Section):
    """Whom to keep."""

    targets: dict[str, Name] = {}
    """a name and a reference (a file, or a folder of clips of that one voice). Several names give an assignment. With
    none, the most present voice is found and its reference clips written to work/speaker/references for you to hear."""

    threshold: Literal["auto"] | Annotated[float, Field(ge=-1, le=1)] = "auto"
    """or a number: least similarity to the target, from -1 to 1"""

    short_clips: Literal["keep", "reject"] = "keep"
    """clips with under 1.6 s of voice, judged less surely: keep those that sound alike, or reject"""

    voices: Annotated[int, Field(ge=0)] = 1
    """with no targets: how many of the most present voices to keep; 0 keeps everyone"""


STAGE = Stage(
    after=("normalize", "embed", "reference"),
    unit="corpus",
    section=Speaker,
    machine=("decisions",),
    decisions=("voice", "two", "speaker", "keep"),
    results=("voices.jsonl", "rejects.jsonl"),
)
