"""The settings of the recognisers that have any: sections of config.yaml, wherever the pipeline puts them."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from engines.runtime import DEVICES
from pipeline.registry import Name, Section

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
# Keys that cannot change what is heard.
MACHINE = frozenset("device key_variable parallel per_minute timeout_seconds retries".split())
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class WhisperSettings(Section):
    """faster-whisper: which model hears, and how."""

    model: Name | None = None
    """the folder of a model in CTranslate2's format, or the name of a published one (tiny, small, large-v3, ...) that
    `python -m install.recognizers NAME` has fetched"""
    language: Language | None = None
    """language that is spoken (en, ko, ...), where all clips share one; without it the model decides clip by clip"""
    device: Literal[DEVICES] = "auto"
    """auto takes a GPU where there is one"""
    compute_type: Literal["default", "auto", "int8", "int8_float16", "int8_float32", "float16", "float32"] = "default"
    """how the model calculates: default as it was saved, int8 is fastest on a CPU, float16 on a GPU"""
    beam: Annotated[int, Field(ge=1, le=20)] = 5
    """how many readings are followed at once: more is slower and a little better"""


class SphinxSettings(Section):
    """pocketsphinx: it has nothing to set."""


class HttpSettings(Section):
    """A service that speaks OpenAI's /v1/audio/transcriptions."""

    url: str | None = None
    """address that clips are sent to, for example http://127.0.0.1:8000/v1/audio/transcriptions"""
    model: Name = "whisper-1"
    """model, as the service names it"""
    language: Language | None = None
    """language that is spoken (en, ko, ...), where all clips share one; without it the service decides"""
    key_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """the environment variable that holds the key; the key itself stands in no file. Leave it out where the service
    wants none"""
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    """requests under way at once"""
    per_minute: Annotated[int, Field(ge=1, le=60000)] = 120
    """requests begun in a minute at most, by each job: what the service allows, divided by the jobs side by side"""
    timeout_seconds: Seconds = 120.0
    """an answer that is not whole after this long is given up and asked for again"""
    retries: Annotated[int, Field(ge=0, le=20)] = 5
    """how often a request is repeated after a timeout, a lost connection, or an answer 429 or 5xx"""

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise ValueError("expected http://HOST/PATH or https://HOST/PATH, without a name or password in it")
        return url
