"""enhance: its settings, and how the pipeline runs it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from engines.enhancers import METHODS
from engines.enhancers.better import RESIDUAL
from engines.enhancers.judging import Chosen
from install import weights
from install.pins import RNNOISE
from pipeline.registry import Section, Stage

FileName = Annotated[str, Field(min_length=1)]
Stretch = Annotated[list[float], Field(min_length=2, max_length=2)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _switch(value: Any) -> Any:
    """YAML reads a bare off as false."""
    return "off" if value is False else value


class Enhance(Section):
    """Noise and rooms taken out of clips, where that helps."""

    mode: Annotated[Literal["off", "auto", "all"], BeforeValidator(_switch)] = "off"
    """off: no clip; auto: a noisy clip is enhanced, and stays as it was unless it is then better by the measures below;
    all: every clip, unjudged. docs/enhance.md has what each gives"""

    denoise: FileName = "rnnoise"
    """the method: rnnoise; spectral, which turns down what is no louder than a profile of the noise; none; or an ONNX
    file that training.export wrote"""

    dereverb: FileName = "none"
    """the method: none; wpe, which predicts late reverberation from the past; or an ONNX file of the task dereverb"""

    source: Literal["auto", "vocals", "mixture"] = "auto"
    """what is denoised: the separated voice, or the recording, which serves better where the noise is no music; auto:
    both are tried, and the better is kept (with mode all: the vocals)"""

    profile: FileName | Stretch | None = None
    """for spectral: a file with noise alone, or its [start, end] in seconds in every recording; null: what segment
    calls noise, else each clip's quietest frames"""

    clean_above_db: Annotated[float, Field(allow_inf_nan=False)] = 25.0
    """with auto: a clip whose voice lies so far above what was separated from it is left alone, unrated (segment
    measures it with source both)"""

    noisy_below: Annotated[float, Field(ge=1, le=5)] = Chosen.noisy_below
    """with auto: a clip whose background DNSMOS rates at least so high is left alone"""

    least_rise: Amount = Chosen.least_rise
    """with auto: by how much DNSMOS (overall) has to rise"""

    least_likeness: Annotated[float, Field(ge=-1, le=1)] = Chosen.least_likeness
    """with auto: cosine of the voice before and after; noise itself colours the voice"""

    most_lost_db: Amount = Chosen.most_lost_db
    """with auto: by how much the speech itself may get quieter"""

    residual: Annotated[float, Field(ge=0, lt=1)] = RESIDUAL
    """share of the clip as it was that is mixed back: a trace of the noise hides what a denoiser does to the voice"""

    reduction_db: Amount = 12.0
    """of spectral: how far noise is turned down"""

    sensitivity: Amount = 2.0
    """of spectral: how many standard deviations above its mean count as noise still"""

    smoothing_bands: Annotated[int, Field(ge=0, le=50)] = 3
    """of spectral: neighbouring bands of 31 Hz on either side over which gains are smoothed"""

    @model_validator(mode="after")
    def _methods(self):
        for name, known in (("denoise", ("none", *METHODS)), ("dereverb", ("none", "wpe"))):
            value = getattr(self, name)
            if value not in known and not value.endswith(".onnx"):
                raise ValueError(f"{name} expected {', '.join(known)} or the path of an ONNX file, found '{value}'")
        if self.mode != "off" and self.denoise == self.dereverb == "none":
            raise ValueError("denoise and dereverb are both none, so there is nothing to do: use mode off")
        if isinstance(self.profile, list) and not 0 <= self.profile[0] < self.profile[1]:
            raise ValueError(f"profile expected [start, end] with 0 <= start < end, found {self.profile}")
        return self


def asked(settings: Any) -> bool:
    """Whether a configuration wants clips enhanced."""
    return settings.enhance.mode != "off"


def files(settings: Any) -> list[Path]:
    """The files that decide the result by what is in them."""
    wanted = settings.enhance
    named = (wanted.denoise, wanted.dereverb, wanted.profile)
    return [Path(name) for name in named if isinstance(name, str) and Path(name).is_file()]


def check(settings: Any) -> Iterable[str]:
    """Files that are not there."""
    wanted = settings.enhance
    if not asked(settings):
        return
    files = {name: getattr(wanted, name) for name in ("denoise", "dereverb", "profile")}
    named = {name: value for name, value in files.items() if isinstance(value, str)}
    for name, value in named.items():
        if (value.endswith(".onnx") or name == "profile") and not Path(value).is_file():
            yield f"enhance.{name}: '{value}' does not exist: name a file that does"
    if wanted.denoise == "rnnoise" and not (weights.cache() / "weights" / RNNOISE).is_file():
        yield f"enhance.denoise: rnnoise needs {RNNOISE}, not in the cache: run `make weights`, or use spectral"


STAGE = Stage(
    after=("slice", "separate", "segment"),
    section=Enhance,
    machine=("device", "threads", "max_failed_fraction"),
    check=check,
    asked=asked,
    files=files,
    results=("manifest.jsonl",),
)
