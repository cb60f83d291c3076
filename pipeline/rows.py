"""The kinds of rows that stages pass on, one type each: the fields that every row has, and their units.

A row is a JSON object. Times are seconds of the recording's presentation clock at every stage; paths are relative to
the work folder. A row may have more fields than its kind asks for: a stage keeps those of the stages before it.
"""

from functools import cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from pipeline.errors import ManifestError

SCHEMA = 2
OPEN = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class Facts(TypedDict):
    """What a stage has found out about one clip or recording, to be joined by id."""

    __pydantic_config__ = OPEN
    schema: int
    id: str
    recording_id: str


class Row(Facts):
    """A stretch of a recording. `parent_id`: the row that it was made from, None for a recording."""

    parent_id: str | None
    source: str  # the recording's path relative to `input`
    path: str
    start: float
    end: float


class Recording(Row):
    """What index knows about a file.

    `downmix`: [second from which it holds, "mean", "left" or "right"]; `gaps`: [start, end] of what its time stamps
    leave out, which stands as silence.
    """

    sha256: str
    codec: str
    sample_rate: int
    channels: int
    duration: float
    peak: float  # largest sample, full scale 1; above 1 only in float audio
    downmix: list[list]
    gaps: list[list[float]]


class Separated(Recording):
    """`path` are the vocals, `mixture` the recording; `gain`: what the vocals were multiplied by before rounding."""

    mixture: str
    gain: float


class Segmented(Separated):
    """`path` is the CSV of labels, `vocals` the sound."""

    vocals: str
    label_seconds: dict[str, float]


class Clip(Row):
    """A span of a recording's vocals; `sha256` is the recording's."""

    sha256: str
    label: str
    sample_rate: int
    duration: float
    gain: float
    downmix: list[list]


class FilteredClip(Clip):
    """`sections`: the clip's filter, second-order sections (n, 6); with `zero_phase` run forwards and backwards."""

    sections: list[list[float]]
    zero_phase: bool


class NormalizedClip(Row):
    """`path` is the clip's file in the corpus; loudness in LUFS, None where a clip is too short to be measured."""

    sha256: str
    label: str
    sample_rate: int
    duration: float
    lufs: float | None
    true_peak_dbtp: float


class Embedded(Facts):
    """The number of the clip's vector in the .npz `embeddings`, and the seconds of voice behind it."""

    embeddings: str
    embedding: int
    voiced_seconds: float


class WantedClip(NormalizedClip):
    """A clip of a wanted voice. `similarity`: cosine to the target."""

    speaker: str
    similarity: float


class Scored(Facts):
    """A clip's scores by name, and the number of its fingerprint in the .npz `fingerprints`."""

    fingerprints: str
    fingerprint: int


class Transcribed(Facts):
    """What is said in a clip, by each source: `candidates` in the order of trust, each with `source`, `text`,
    `language`, `confidence` (captions: probability that these are all of the clip's words), `log_probability`,
    `no_speech` and `words` ([text, start, end, probability]); `asked`: the engines that were on for it."""

    asked: list[str]
    candidates: list[dict]


class Proofread(Facts):
    """A clip's text, "" where it has none; `asked`: as above. Further fields: MEASURES of engines/textmeasures.py."""

    text: str
    text_normalized: str
    text_source: str
    text_confidence: float | None
    language: str | None
    asked: list[str]


class Described(Facts):
    """The number of the clip's vector in the .npz `descriptors`."""

    descriptors: str
    descriptor: int


class Toned(Facts):
    """How a clip is spoken, "" where that is not sure."""

    tone: str
    tone_confidence: float
    place: list[float] | None  # on the map, (2,); None where it was not measured
    by_person: bool


class Reject(Facts):
    """A stretch left out of the corpus, and why. `parent_id`: the row that it is a part of, None for a whole row."""

    parent_id: str | None
    stage: str
    reason: str
    message: str
    source: str
    start: float
    end: float


@cache
def _adapter(kind: type) -> TypeAdapter:
    return TypeAdapter(kind)


def check(row: Any, kind: type, where: str) -> dict:
    """`row`, where it is one of `kind`. Raises ManifestError that names the place, the field, expected and found."""
    try:
        row = _adapter(kind).validate_python(row)
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"]))
        if fault["type"] == "missing":
            problem = f"field '{field}' is missing, so this is no row of the kind {kind.__name__}"
        else:
            wanted = fault["msg"].removeprefix("Input should be ")
            problem = f"field '{field}' expected {wanted}, found {fault['input']!r:.80}"
        raise ManifestError(f"{where}: {problem}: check that this is what the stage before wrote.") from None
    if row["schema"] != SCHEMA:
        raise ManifestError(
            f"{where}: field 'schema' expected {SCHEMA}, found {row['schema']}: it was written by another version of "
            "voxsieve; name a new work_dir."
        )
    if "start" in row and not 0 <= row["start"] <= row["end"]:
        raise ManifestError(
            f"{where}: id {row['id']} expected 0 <= start <= end, found {row['start']} and {row['end']}."
        )
    return row


def clip_id(recording_id: str, start: float, end: float) -> str:
    """The id of a span of a recording, in whole milliseconds: the same span always has the same id."""
    return f"{recording_id}_{round(start * 1000):07d}_{round(end * 1000):07d}"
