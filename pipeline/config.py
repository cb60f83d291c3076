"""The configuration: what config.yaml may contain, assembled from the stages' sections, and checked.

`load` turns Snakemake's merged dictionary into a `Config` or raises ConfigError with one sentence per fault. Unknown
keys are refused, with the nearest known name. Defaults, bounds and explanations are kept with the fields, those of a
stage in its settings.py; `python -m pipeline.config` writes config.yaml from them.
"""

from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, PositiveInt, ValidationError, create_model

from crawl.settings import Crawl
from crawl.sources import Source
from pipeline import registry
from pipeline.errors import ConfigError
from pipeline.registry import Name, Section

Text = Annotated[str, Field(min_length=1)]


class General(Section):
    """What concerns more than one stage."""

    input: Text | list[Text] | None = "examples"
    """What to make a corpus of: a folder (walked), one file, or a list of folders and files."""

    sources: list[Source] = []
    """Or where to bring recordings in from: links (videos, playlists, channels), feed (a podcast), listing (pages that
    need a browser), http (direct links), folder. Where there are sources they take the place of input; docs/crawl.md
    has examples ready to paste. `snakemake -j1 crawl` looks for what is new."""

    downloads_dir: Name = "downloads"
    """what was brought in; nothing in it is ever deleted"""

    crawl: Crawl = Crawl()

    work_dir: Name = "work"
    """what the stages write; a corpus is made from it again in seconds"""

    corpus_dir: Name = "corpus"
    """what you came for"""

    decisions: Name = "decisions"
    """a folder for what people decide who listen (`make review`); it is only ever added to"""

    engine: Literal[tuple(registry.engines())] = "onnx"
    """Which programs run the models. onnx: the published weights on ONNX Runtime, fast and lean. original: the packages
    themselves (Spleeter, inaSpeechSegmenter, Resemblyzer, ffmpeg-normalize, pydub), each in its own environment: to
    check, slower."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """a GPU where ONNX Runtime finds one, else the CPU; cuda warns where there is none; cpu wants none"""

    threads: PositiveInt = 2
    """cores of one job; with -j N, N/threads shards run side by side"""

    shard_minutes: Literal["auto"] | Annotated[float, Field(gt=0, allow_inf_nan=False)] = "auto"
    """audio per job: smaller for more parallel jobs, larger for fewer model loads; auto grows with the corpus"""

    max_failed_fraction: Annotated[float, Field(ge=0, le=1)] = 0.5
    """A broken recording is listed in rejects.csv and the run goes on; a stage stops where more than this fraction of
    the recordings of a shard, or of all, failed, since then something larger is wrong."""


@cache
def model() -> type[General]:
    """The model of the whole configuration: the general keys, then the stages' sections in the order of the data."""
    sections: dict[str, Any] = {}
    for name, stage in registry.stages().items():
        if stage.section:
            sections[name] = (stage.section, stage.section())
        sections |= stage.sections
    return create_model("Config", __base__=General, **sections)


def load(settings: dict) -> General:
    """The checked configuration. Raises ConfigError that names every fault at once."""
    return checked(model(), settings, "config")


def checked(kind: type[BaseModel], settings: dict, what: str) -> Any:
    """`settings` as the model `kind`. Raises ConfigError, led by `what`, with a sentence per fault."""
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        faults: dict[str, list[str]] = {}
        for fault in error.errors():
            key = ".".join(_key(fault["loc"], settings))
            faults.setdefault(key, []).append(_sentence(kind, fault, settings))
        message = "; ".join(" or ".join(dict.fromkeys(sentences)) for sentences in faults.values())
        raise ConfigError(f"{what}: {message}.") from None


BRANCHES = {
    "str",
    "list[str]",
    "constrained-str",
    "list[constrained-str]",
    "float",
    "constrained-float",
    "literal['auto']",
}


def _sentence(kind: type[BaseModel], fault: dict, settings: dict) -> str:
    *parents, name = _key(fault["loc"], settings) or ["config"]
    key = ".".join([*parents, name])
    if fault["type"] == "extra_forbidden":
        names = _names(kind, parents)
        near = get_close_matches(name, names, 1)
        meant = f", did you mean '{near[0]}'?" if near else f", known here: {', '.join(names)}"
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


def _names(kind: type[BaseModel], parents: list[str]) -> list[str]:
    """The known keys of the section at `parents`."""
    for name in parents:
        field = kind.model_fields.get(name)
        options = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
        inner = [option for option in options if isinstance(option, type) and issubclass(option, BaseModel)]
        if not inner:
            return []
        kind = inner[0]
    return list(kind.model_fields)


if __name__ == "__main__":
    from pipeline import config_file

    print(config_file.text(model()), end="")
