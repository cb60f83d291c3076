"""transcribe: its settings, and how the pipeline runs it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from engines import recognizers
from engines.recognizers.settings import HttpSettings, Language, WhisperSettings
from pipeline.registry import Name, Section, Stage

CAPTIONS = "captions"
Source = Literal[CAPTIONS, *recognizers.known()]


class Transcribe(Section):
    """What is said in each clip. Texts that a person wrote always come first."""

    engines: list[Source] = [CAPTIONS]
    """where texts come from, the most trusted first. captions: files beside a recording (NAME.vtt, NAME.ko.vtt; srt,
    json3, ttml, lrc, TextGrid); whisper; pocketsphinx (English, fetches nothing); http. The others are witnesses."""

    language: Language | None = None
    """what is spoken (en, ko, ...), where all recordings share it; else what captions or recognisers say"""

    texts: Name | None = None
    """a table of your own texts: CSV with clip,text or recording,start,end,text; they count as written by a person"""

    least_probability: Annotated[float, Field(ge=0, le=1)] = 0.85
    """captions: least probability that a clip holds exactly these words"""

    untrusted: Literal["drop", "keep_without_text", "keep"] = "drop"
    """what becomes of a clip whose text fails `filters` or that has none, where an engine was on"""

    whisper: WhisperSettings = WhisperSettings()
    """faster-whisper: which model hears, and how"""

    http: HttpSettings = HttpSettings()
    """a service that speaks OpenAI's /v1/audio/transcriptions"""

    @field_validator("engines")
    @classmethod
    def _once(cls, engines: list[str]) -> list[str]:
        if len(set(engines)) < len(engines):
            raise ValueError("names an engine twice")
        return engines


def of_engine(settings: Any, engine: str) -> Section:
    """The settings of a recogniser, with the language that all recordings share where it has none of its own."""
    section = getattr(settings, engine, Section())
    if settings.language and getattr(section, "language", "") is None:
        section = section.model_copy(update={"language": settings.language})
    return section


def check(settings: Any) -> Iterable[str]:
    """What a recogniser that is on is lacking; a table of texts that is not there."""
    if (table := settings.transcribe.texts) and not Path(table).is_file():
        yield f"transcribe.texts: '{table}' is no file: correct the path"
    for engine in settings.transcribe.engines:
        if engine != CAPTIONS and (lack := recognizers.module(engine).check(of_engine(settings.transcribe, engine))):
            yield f"transcribe.engines: {engine}: {lack}"


def environment(settings: Any) -> str:
    """The environment that has all recognisers that are on."""
    needs = {recognizers.known()[name].environment for name in settings.transcribe.engines if name != CAPTIONS}
    return max(needs, default="")


STAGE = Stage(
    after=("speaker", "segment"),
    section=Transcribe,
    machine=("threads", "max_failed_fraction"),
    check=check,
    environment=environment,
)
