"""The recognisers. Each module here is one, named as the configuration names it.

At its head stand RECOGNIZER (what it is), ENVIRONMENT (which of envs/ it runs in, "" for the main one) and LANGUAGES
(ISO 639-1 codes of what it understands, () for any); they are read without loading the module. It has `Recognizer`,
the class of the protocol in engines/protocols.py, made of its settings (engines/recognizers/settings.py) and a number
of threads, and `check(settings)`, which loads nothing heavy and says in one sentence what is missing, or None.
"""

import ast
import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

RATE = 16000  # Hz: what all of them hear


@dataclass(frozen=True)
class About:
    """What stands at the head of a recogniser's module."""

    what: str
    environment: str
    languages: tuple[str, ...]

    def understands(self, language: str | None) -> bool:
        """Whether clips of this language (None: unknown) are for it."""
        return not self.languages or language is None or language in self.languages


@cache
def known() -> dict[str, About]:
    """Every recogniser by name, in alphabetical order."""
    heads = {path.stem: _constants(path) for path in sorted(Path(__file__).parent.glob("*.py"))}
    return {
        name: About(head["RECOGNIZER"], head["ENVIRONMENT"], head["LANGUAGES"])
        for name, head in heads.items()
        if "RECOGNIZER" in head
    }


def module(name: str) -> ModuleType:
    """The module of a recogniser."""
    return importlib.import_module(f"engines.recognizers.{name}")


def _constants(path: Path) -> dict:
    """What a module's head assigns to names in capitals, where it is a literal."""
    found = {}
    for line in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and line.targets[0].id.isupper():
            try:
                found[line.targets[0].id] = ast.literal_eval(line.value)
            except ValueError:
                continue
    return found
