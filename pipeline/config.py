"""The schema of config.yaml: every key, its type and its bounds, in one place.

`load` turns Snakemake's merged dictionary into a `Config` or raises ConfigError with one sentence per fault.
Unknown keys are refused with the nearest known name. What a key is for stands in config.yaml beside the key.
"""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)

from crawl.settings import Crawl, Source
from pipeline.audio import WORK_RATE
from pipeline.errors import ConfigError
from pipeline.filters import Filters, Repeats

Label = Literal["male", "female", "speech", "music", "noise", "noEnergy"]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, pattern=r"^[^{}\x00-\x1f]*$")]  # Snakemake takes braces for wildcards
Fraction = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Separate(Section):
    accompaniment: bool = False


class Segment(Section):
    source: Literal["both", "vocals", "mixture"] = "both"
    vad: Literal["smn", "sm"] = "smn"
    gender: bool = True
    exact: bool = False


class Slice(Section):
    labels: list[Label] = ["male", "female"]
    min_seconds: Annotated[float, Field(ge=0.05, allow_inf_nan=False)] = 1.5
    max_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 12.0
    padding_seconds: Seconds = 0.03
    merge_seconds: Seconds = 1.0
    pause_seconds: Annotated[float, Field(gt=0)] = 0.6

    @model_validator(mode="after")
    def _bounds(self):
        if self.max_seconds - 2 * self.padding_seconds < 2 * self.min_seconds:
            raise ValueError(
                f"max_seconds ({self.max_seconds:g}), less the padding at both ends, must be at least twice "
                f"min_seconds ({self.min_seconds:g}), so that a long span can be split"
            )
        if not self.labels:
            raise ValueError("labels is empty: name at least one, for example [male, female]")
        return self


class Slope(Section):
    cutoff_hz: Annotated[float, Field(gt=0)]
    slope_db_per_octave: PositiveInt
    passes: PositiveInt = 1

    @model_validator(mode="after")
    def _bounds(self):
        if self.cutoff_hz >= WORK_RATE / 2:
            raise ValueError(
                f"cutoff_hz {self.cutoff_hz:g} is not below the Nyquist frequency of the vocals, {WORK_RATE / 2:g} Hz"
            )
        if self.slope_db_per_octave % 6:
            raise ValueError(f"slope_db_per_octave {self.slope_db_per_octave} is not a multiple of 6 (6 per order)")
        return self


class Notch(Section):
    frequency_hz: Annotated[float, Field(gt=0, lt=WORK_RATE / 2)]
    q: Annotated[float, Field(gt=0)]


def _notch(value):
    """A notch may be written as a pair, [6000, 30], as well as with its names."""
    return {"frequency_hz": value[0], "q": value[1]} if isinstance(value, list) and len(value) == 2 else value


class Filter(Section):
    low_pass: Slope | None = None
    high_pass: Slope | None = None
    notches: list[Annotated[Notch, BeforeValidator(_notch)]] = []
    zero_phase: bool = True

    @model_validator(mode="after")
    def _halves(self):
        for name, slope in (("low_pass", self.low_pass), ("high_pass", self.high_pass)):
            if slope and self.zero_phase and slope.passes % 2 and slope.slope_db_per_octave % 12:
                raise ValueError(
                    f"{name} with zero_phase and an odd number of passes needs a slope that is a multiple of 12 "
                    f"(half of it runs backwards), found {slope.slope_db_per_octave}"
                )
        return self


class Normalize(Section):
    target_lufs: Annotated[float, Field(ge=-70, le=-5)] = -23.0
    true_peak_dbtp: Annotated[float, Field(ge=-9, le=0)] = -1.0


class Speaker(Section):
    targets: dict[str, Name] = {}
    threshold: Literal["auto"] | Annotated[float, Field(ge=-1, le=1)] = "auto"
    short_clips: Literal["keep", "reject"] = "keep"
    voices: Annotated[int, Field(ge=0)] = 1


class Split(Section):
    validation: Annotated[float, Field(ge=0, lt=1)] = 0.05
    test: Annotated[float, Field(ge=0, lt=1)] = 0.05

    @model_validator(mode="after")
    def _leaves_some(self):
        if self.validation + self.test >= 1:
            raise ValueError(f"validation {self.validation:g} and test {self.test:g} leave nothing to train on")
        return self


class Export(Section):
    sample_rate: Annotated[int, Field(ge=8000, le=48000)] = 22050
    split: Split = Split()
    seed: int = 0


class Config(Section):
    input: Annotated[str, Field(min_length=1)] | list[Annotated[str, Field(min_length=1)]]
    sources: list[Source] = []
    downloads_dir: Name = "downloads"
    crawl: Crawl = Crawl()
    work_dir: Name = "work"
    corpus_dir: Name = "corpus"
    engine: Literal["onnx", "original"] = "onnx"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: PositiveInt = 2
    shard_minutes: Annotated[float, Field(gt=0)] = 30.0
    max_failed_fraction: Fraction = 0.5
    separate: Separate = Separate()
    segment: Segment = Segment()
    slice: Slice = Slice()
    filter: Filter = Filter()
    normalize: Normalize = Normalize()
    speaker: Speaker = Speaker()
    filters: Filters = Filters()
    repeats: Repeats = Repeats()
    export: Export = Export()
    exports: list[Literal["ljspeech", "huggingface", "lhotse", "kaldi", "nemo", "webdataset"]] = []

    @model_validator(mode="after")
    def _folders(self):
        if Path(self.work_dir).resolve() == Path(self.corpus_dir).resolve():
            raise ValueError("work_dir and corpus_dir are the same folder: give each its own")
        if not self.segment.gender and {"male", "female"} & set(self.slice.labels):
            raise ValueError("slice.labels asks for male or female, but segment.gender is false: use [speech]")
        if self.segment.gender and "speech" in self.slice.labels:
            raise ValueError("slice.labels asks for speech, but segment.gender is true: use [male, female]")
        return self


BRANCHES = {"str", "list[str]", "constrained-str", "list[constrained-str]", "float", "constrained-float"}


def load(settings: dict) -> Config:
    """The checked configuration. Raises ConfigError that names every fault at once."""
    try:
        return Config.model_validate(settings)
    except ValidationError as error:
        faults: dict[str, list[str]] = {}
        for fault in error.errors():
            faults.setdefault(".".join(_key(fault["loc"], settings)), []).append(_sentence(fault, settings))
        raise ConfigError("config: " + "; ".join(" or ".join(said) for said in faults.values()) + ".") from None


def _sentence(fault: dict, settings: dict) -> str:
    *parents, name = _key(fault["loc"], settings) or ["config"]
    key = ".".join([*parents, name])
    if fault["type"] == "extra_forbidden":
        near = get_close_matches(name, _names(parents), 1)
        meant = f", did you mean '{near[0]}'?" if near else f", known here: {', '.join(_names(parents))}"
        return f"unknown key '{key}'{meant}"
    if fault["type"] == "missing":
        return f"'{key}' is missing"
    if fault["type"] == "value_error":
        return f"{key}: {fault['ctx']['error']}" if fault["loc"] else str(fault["ctx"]["error"])
    wanted = fault["msg"].removeprefix("Input should be ").removeprefix("a valid ").split(" or instance")[0]
    return f"'{key}' expected {wanted}, found {fault['input']!r}"


def _key(location: tuple, settings: dict) -> list[str]:
    """The location in the user's own terms: pydantic also names the branch of a union that it tried."""
    key, here = [], settings
    if location[:1] == ("sources",):
        location = location[:2] + location[3:]  # the third names the kind of source once more
    for part in location:
        if part in BRANCHES and not (isinstance(here, dict) and part in here):
            continue
        if isinstance(here, dict) and isinstance(part, str):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int):
            here = here[part]
        else:
            continue
        key.append(str(part))
    return key


def _names(parents: list[str]) -> list[str]:
    """The known keys of the section at `parents`."""
    model: type[BaseModel] = Config
    for name in parents:
        field = model.model_fields.get(name)
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)
