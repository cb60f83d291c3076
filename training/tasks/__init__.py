"""What can be trained, a module each. A task has NAME, NETWORKS and the functions of the protocol Task."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pipeline.errors import ConfigError
from training.drawing import Example
from training.settings import Training


class Task(Protocol):
    """A network for one purpose. Batches are whatever `batch` makes of examples."""

    NETWORKS: tuple[str, ...]  # the first is the default
    TARGET: str  # what Recipe.target is for it
    JUDGED_BY: tuple[str, str]  # the figure of `judge` that says which weights are best, and "high" or "low"

    def network(self, name: str, settings: Training) -> Any: ...
    def batch(self, examples: Sequence[Example]) -> Any: ...
    def loss(self, network: Any, batch: Any) -> Any: ...
    def judge(self, network: Any, examples: Sequence[Example]) -> dict[str, float]: ...
    def shown(self, network: Any, example: Example) -> dict[str, Any]: ...
    def exported(self, network: Any) -> tuple[tuple, list[str], list[str], dict, dict[str, str]]: ...


def names() -> list[str]:
    """The tasks there are."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__")


def load(name: str) -> Task:
    """The task of a name. Raises ConfigError where there is none."""
    if name not in names():
        raise ConfigError(f"There is no task '{name}', only: {', '.join(names())}.")
    return importlib.import_module(f"training.tasks.{name}")


def network(task_name: str, name: str | None, settings: Training) -> tuple[str, Any]:
    """A task's untrained network of a name (None: its first), and the name. Raises ConfigError where it has none."""
    task = load(task_name)
    name = name or task.NETWORKS[0]
    if name not in task.NETWORKS:
        raise ConfigError(f"The task {task_name} has no network '{name}', only: {', '.join(task.NETWORKS)}.")
    return name, task.network(name, settings)
