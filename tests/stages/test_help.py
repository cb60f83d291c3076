"""What every program's --help tells: each flag, in words."""

import re
from functools import cache

import pytest

from pipeline import config, flags, registry
from tests.conftest import program

OTHERS = ("install.weights", "install.environments", "pipeline.summary", "evaluation")
FLAG = re.compile(r"^  (?:-\w, )?(--[a-z-]+)(.*)$")


@cache
def help_of(module: str) -> str:
    return program(module, "--help").stdout


def explained(text: str) -> dict[str, str]:
    """Flag -> what --help says of it, out of argparse's list of options."""
    told, flag = {}, None
    for line in text.partition("\noptions:\n")[2].splitlines():
        if match := FLAG.match(line):
            flag, rest = match.groups()
            # A metavar stands one space after the flag; the words stand two or more after it, or on the lines below.
            told[flag] = re.split(r" {2,}", rest, maxsplit=1)[1] if re.search(r"\S? {2,}\S", rest) else ""
        elif flag and line.startswith(" " * 10):
            told[flag] += f" {line.strip()}"
    return {name: said.strip() for name, said in told.items()}


def test_a_flag_without_words_is_seen():
    """What the check below rests on."""
    text = "usage: x [-h]\n\noptions:\n  -h, --help     show this help\n  --bare VALUE\n  --told VALUE\n"
    text += f"{' ' * 24}what it is (default: 1)\n  --switch\n  --a N  short\n"
    assert explained(text) == {
        "--help": "show this help",
        "--bare": "",
        "--told": "what it is (default: 1)",
        "--switch": "",
        "--a": "short",
    }


@pytest.mark.parametrize("module", [*(f"stages.{name}" for name in registry.stages()), *OTHERS])
def test_every_program_explains_each_of_its_flags(module):
    text = help_of(module)
    assert text.startswith("usage: ")
    told = explained(text)
    assert len(told) > (1 if module not in ("install.environments", "pipeline.summary") else 0)
    asked = {flag for flag in re.findall(r"(?<![\w-])--[a-z-]+", text.partition("\n\n")[0])}
    assert asked <= set(told)
    silent = [flag for flag, said in told.items() if len(said.split(" (default")[0].split()) < 2]
    assert not silent, f"flags of {module} without an explanation: {silent}"


@pytest.mark.parametrize("stage", registry.stages())
def test_every_flag_is_explained_as_in_config_yaml(stage):
    """A key's own words, and not merely its name again."""
    told = explained(help_of(f"stages.{stage}"))
    kind = flags.model(stage)
    for name, field in kind.model_fields.items():
        said = told[f"--{name.replace('_', '-')}"]
        words = said.split(" (default")[0].strip()
        assert words != name.replace("_", " "), f"{stage}.{name} has no words in settings.py"
        if field.description:
            assert " ".join(field.description.split())[:40] in said


def test_defaults_are_those_of_the_configuration():
    shipped = config.load({})
    text = " ".join(help_of("stages.slice").split())
    for name in ("min_seconds", "max_seconds", "padding_seconds", "merge_seconds", "pause_seconds"):
        assert f"(default: {getattr(shipped.slice, name)})" in text
