"""The models that stages run: a folder for each model, in it a module for each engine that can run it.

A module is named after a value of `engine:`. ENGINE says what it is, ENVIRONMENT which environment of envs/ it needs
("" for the main one), and its class implements the model's protocol (engines/protocols.py).
"""

import importlib
from pathlib import Path
from types import ModuleType

DEFAULT = "onnx"


def module(model: str, engine: str) -> ModuleType:
    """The module that runs a model with an engine; the default engine's where the model has none for this engine."""
    name = engine if (Path(__file__).parent / model / f"{engine}.py").is_file() else DEFAULT
    return importlib.import_module(f"engines.{model}.{name}")
