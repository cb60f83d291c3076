"""Models that stages hear with: a folder each, with a module per engine that can run it.

An engine's module is named as `engine:` names it, tells in ENGINE what it is and in ENVIRONMENT which of envs/ it needs
("" for the main one), and has the class that fulfils the model's protocol (engines/protocols.py).
"""

import importlib
from pathlib import Path
from types import ModuleType

DEFAULT = "onnx"


def module(model: str, engine: str) -> ModuleType:
    """The module that runs a model with an engine; the default engine's where a model has no such."""
    name = engine if (Path(__file__).parent / model / f"{engine}.py").is_file() else DEFAULT
    return importlib.import_module(f"engines.{model}.{name}")
