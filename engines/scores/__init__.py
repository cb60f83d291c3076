"""The scores of clips. Each module here defines its own: SCORES (names, units, ranges, meanings), ORDER (its place
among the modules) and `load(threads, device)`, which returns the function that measures them.

A score's name is a key of `filters:`, a column of clips.csv and a figure of the report; they all look it up here.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Literal, NamedTuple

import numpy as np

RATE = 16000  # Hz: the input of all models here


@dataclass(frozen=True)
class Score:
    """A score's unit, the range that its curves are drawn over, and which way is better: "high", "low" or neither.

    `digits`: how many decimals are significant.
    """

    unit: str
    low: float
    high: float
    better: Literal["high", "low", "neither"]
    meaning: str
    digits: int = 3


@cache
def known() -> dict[str, Score]:
    """Every score by name, in the order of the modules' ORDER."""
    return {name: score for module in _modules() for name, score in module.SCORES.items()}


@cache
def _modules() -> list[ModuleType]:
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    modules = [importlib.import_module(f"engines.scores.{name}") for name in names]
    return sorted((module for module in modules if hasattr(module, "SCORES")), key=lambda module: module.ORDER)


class Heard(NamedTuple):
    """A clip as scorers take it: (n,) float32 at `sample_rate` Hz, and the same at RATE."""

    clip: np.ndarray
    sample_rate: int
    at_rate: np.ndarray


Scorer = Callable[[list[Heard]], list[dict[str, float | None]]]


def load(threads: int, device: str) -> Scorer:
    """All modules' scorers as one, with their models loaded once; `threads` clips at a time.

    A score that cannot be measured on a clip is None. Raises ModelError where weights are missing.
    """
    scorers = [module.load(threads, device) for module in _modules() if hasattr(module, "load")]

    def score(clips: list[Heard]) -> list[dict[str, float | None]]:
        parts = [scorer(clips) for scorer in scorers]
        return [
            _rounded({name: value for part in row for name, value in part.items()}) for row in zip(*parts, strict=True)
        ]

    return score


def _rounded(scores: dict[str, float | None]) -> dict[str, float | None]:
    return {
        name: value if value is None else round(float(value), known()[name].digits) for name, value in scores.items()
    }
