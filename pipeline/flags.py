"""A stage's command line, made from its settings: a flag for every key, with the key's type, bounds, default and help.

A value is written as in config.yaml: `--max-seconds 10`, `--labels "[male, female]"`, `--low-pass "{cutoff_hz: 5000,
slope_db_per_octave: 36}"`; a switch needs no value. So there is one notation and one check for both.
"""

import argparse
import json
import shlex
from functools import cache
from typing import Any

import yaml
from pydantic import BaseModel, create_model

from pipeline import config, registry
from pipeline.registry import Section


@cache
def model(stage: str) -> type[Section]:
    """The settings of a stage: its section, and the keys outside it that it reads, each under its own name."""
    declared = registry.stages()[stage]
    fields = {key.rpartition(".")[2]: _field(key) for key in (*declared.reads, *declared.machine)}
    return create_model(stage.title(), __base__=declared.section or Section, __doc__=None, **fields)


def _field(key: str) -> tuple[Any, Any]:
    """Type and field of a dotted key of the configuration."""
    kind: type[BaseModel] = config.model()
    *parents, name = key.split(".")
    for parent in parents:
        kind = kind.model_fields[parent].annotation
    field = kind.model_fields[name]
    return field.annotation, field


def of(settings: config.General, stage: str, machine: bool = True) -> dict[str, Any]:
    """A stage's settings in a configuration, by their names here, as plain JSON values.

    machine: with those that cannot change a result.
    """
    declared = registry.stages()[stage]
    plain = settings.model_dump(mode="json")
    values = dict(plain[stage]) if declared.section else {}
    for key in (*declared.reads, *(declared.machine if machine else ())):
        value = plain
        for part in key.split("."):
            value = value[part]
        values[key.rpartition(".")[2]] = value
    return values


def line(values: dict[str, Any]) -> str:
    """Settings as flags, quoted for a shell; what is None is left out."""
    words = []
    for name, value in values.items():
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            words.append(f"--{name.replace('_', '-')}={text}")
    return shlex.join(words)


def add(parser: argparse.ArgumentParser, kind: type[BaseModel]) -> None:
    """A flag for every field of a model."""
    for name, field in kind.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            default = default.model_dump(mode="json", exclude_none=True)
        description = " ".join((field.description or name.replace("_", " ")).split())
        shown = "" if field.is_required() or default is None else f" (default: {yaml_line(default)})"
        bare = {"nargs": "?", "const": "true"} if field.annotation is bool else {}
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar=_metavar(field.annotation),
            required=field.is_required(),
            default=None,
            help=(description + shown).replace("%", "%%"),
            **bare,
        )


def read(args: argparse.Namespace, kind: type[BaseModel]) -> Any:
    """The checked settings from parsed flags. Raises ConfigError as `config.load` does."""
    texts = {name: getattr(args, name) for name in kind.model_fields if getattr(args, name) is not None}
    values = {name: _value(text, kind.model_fields[name].annotation) for name, text in texts.items()}
    return config.checked(kind, values, "flags")


def yaml_line(value: Any) -> str:
    """A value as one line of YAML."""
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("...\n").strip()


def _value(text: str, annotation: Any) -> Any:
    """The value of a flag's text, read as YAML; the text itself where the setting is a text."""
    if annotation is str:
        return text
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    if value is None or isinstance(value, str):
        return text
    if isinstance(value, int) and not isinstance(value, bool) and annotation is float:
        return float(value)
    return value


def _metavar(annotation: Any) -> str:
    options = getattr(annotation, "__args__", ())
    if options and all(isinstance(option, str) for option in options):
        return "{" + ",".join(options) + "}"
    return {bool: "true|false", int: "N", float: "NUMBER"}.get(annotation, "VALUE")
