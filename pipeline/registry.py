"""The stages: found by listing stages/, each declared by its own settings.py, in the order of the data.

Whatever needs all stages takes them from here: the configuration, the flags of programs, the Snakefile, the account of
seconds. A stage's folder is the only place that names it.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).parent.parent
ENGINE, ENVIRONMENT = (re.compile(rf'^{name} = "(.*)"$', re.MULTILINE) for name in ("ENGINE", "ENVIRONMENT"))


Name = Annotated[str, Field(min_length=1, pattern=r"^[^{}\x00-\x1f]*$")]  # Snakemake takes braces for wildcards


class Section(BaseModel):
    """A section of config.yaml: unknown keys and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


@dataclass(frozen=True)
class Stage:
    """The declaration of a stage.

    after: the stages whose results it reads, the first being the one whose rows it takes; unit: "shard" for one job a
    shard, "corpus" for one job; section: the model of the section of config.yaml that has its name; sections: further
    keys of config.yaml that it owns, and their models; reads: keys of config.yaml outside its own section that decide
    its result; machine: keys that cannot change a result; check: yields a sentence for each fault that
    the whole configuration has for it; model: the folder of engines/ of its model, where `engine` chooses one;
    results: the files in work/NAME (and the shard) that show that it is done; asked: whether a configuration wants it;
    where it does not, it has no job, and what follows takes the rows of the stage before it; files: files outside the
    work folder whose content decides its result.
    """

    after: tuple[str, ...]
    unit: Literal["shard", "corpus"] = "shard"
    section: type[Section] | None = None
    sections: dict[str, Any] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    machine: tuple[str, ...] = ("max_failed_fraction",)
    check: Callable[[Any], Iterable[str]] | None = None
    model: str | None = None
    results: tuple[str, ...] = ("manifest.jsonl", "rejects.jsonl")
    asked: Callable[[Any], bool] = lambda settings: True
    files: Callable[[Any], Iterable[Path]] = lambda settings: ()

    @property
    def has_rejects(self) -> bool:
        """Whether it may reject rows."""
        return "rejects.jsonl" in self.results


@cache
def stages() -> dict[str, Stage]:
    """Every stage by name, each after those that it reads, otherwise in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(ROOT / "stages")]) if module.ispkg)
    declared = {name: importlib.import_module(f"stages.{name}.settings").STAGE for name in names}
    order = TopologicalSorter(
        {name: [before for before in declared[name].after if before in declared] for name in names}
    )
    return {name: declared[name] for name in order.static_order()}


@cache
def engines() -> dict[str, str]:
    """Every value of `engine`, and what it is: read from the heads of the engines' modules, without loading them."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "engines").glob("*/*.py"))}
    return {path.stem: match[1] for path, text in texts.items() if (match := ENGINE.search(text))}


def environment(stage: str, engine: str) -> str:
    """The environment of envs/ that a stage runs in with an engine, "" for the main one."""
    model = stages()[stage].model
    path = ROOT / "engines" / str(model) / f"{engine}.py"
    match = ENVIRONMENT.search(path.read_text(encoding="utf-8")) if model and path.is_file() else None
    return match[1] if match else ""


def of_unit(unit: str) -> list[str]:
    """The names of the stages with one job a shard, or with one job."""
    return [name for name, stage in stages().items() if stage.unit == unit]
