"""config.yaml, written from the model: every key with its default and its explanation.

    python -m pipeline.config > config.yaml

A test fails where the two differ, so that a key and its default are defined in one place, the model.
"""

import textwrap
from typing import Any

import yaml
from pydantic import BaseModel

WIDTH = 118
COMMENT = 24  # column at which comments begin, farther right after a longer value
HEAD = """\
# voxsieve's settings. Put your own values into a file of yours and run
#   snakemake -j 4 --configfile mine.yaml
# which lays it over this one. Paths are taken from the folder where snakemake is run.
# This file is made from the stages' settings.py: `make config` writes it.
"""


def text(kind: type[BaseModel]) -> str:
    """The file's text for the model of the whole configuration."""
    return HEAD + "".join(_entry(name, kind, indent="") for name in kind.model_fields)


def _entry(name: str, kind: type[BaseModel], indent: str) -> str:
    """A key with its value: a section with its keys, else one line."""
    field = kind.model_fields[name]
    value, comment = field.get_default(call_default_factory=True), " ".join((field.description or "").split())
    blank = "" if indent else "\n"
    if isinstance(value, BaseModel) and not comment:
        comment = " ".join((type(value).__doc__ or "").split())
    if isinstance(value, BaseModel) and _is_section(value):
        body = "".join(_entry(key, type(value), indent + "  ") for key in type(value).model_fields)
        return f"{blank}{_above(comment, indent)}{indent}{name}:\n{body}"
    line = f"{indent}{name}: {_value(value)}"
    if isinstance(value, BaseModel) and len(line) > WIDTH:
        keys = value.model_dump(mode="json", exclude_none=True)
        line = f"{indent}{name}:" + "".join(f"\n{indent}  {key}: {_value(entry)}" for key, entry in keys.items())
    if comment and max(len(line), COMMENT) + 5 + len(comment) <= WIDTH:
        return f"{blank}{line:<{COMMENT}}   # {comment}\n"
    return f"{blank}{_above(comment, indent)}{line}\n"


def _is_section(value: BaseModel) -> bool:
    """Whether a model's keys are written on lines of their own: where any of them has an explanation."""
    return any(field.description for field in type(value).model_fields.values())


def _above(comment: str, indent: str) -> str:
    return "".join(
        f"{indent}# {line}\n" for line in textwrap.wrap(comment[:1].upper() + comment[1:], WIDTH - len(indent))
    )


def _value(value: Any) -> str:
    """A value in YAML's flow style, on one line; of a model only what is set."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    dumped = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False)
    return dumped.removesuffix("...\n").strip()
