"""The project's files that a stage depends on, found by following imports, and one digest of their content.

A result is out of date where code that made it has changed. Changes of comments and docstrings do not count, nor does
the order in which files are found.
"""

import ast
import hashlib
import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIGESTS = "VOXSIEVE_CODE"  # environment of a job: stage=digest ..., as the run that started it has computed them
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
DATA = (".html", ".css", ".js", ".csv")  # files of a package that its code reads


def of_stage(stage: str) -> list[Path]:
    """The project's files that a stage depends on: those of its folder, and all that these import, in order."""
    return sorted(_closure(tuple(sorted((ROOT / "stages" / stage).rglob("*.py")))))


@cache
def digest(stage: str) -> str:
    """16 hexadecimal digits that change with the code or the data of a stage."""
    known = dict(pair.split("=") for pair in os.environ.get(DIGESTS, "").split())
    if stage in known:
        return known[stage]
    total = hashlib.sha256()
    for path in of_stage(stage):
        total.update(path.relative_to(ROOT).as_posix().encode())
        total.update(_content(path))
    return total.hexdigest()[:16]


def _closure(start: tuple[Path, ...]) -> set[Path]:
    reached, waiting = set(start), list(start)
    while waiting:
        for path in _imports(waiting.pop()):
            if path not in reached:
                reached.add(path)
                waiting.append(path)
    packages = {path.parent for path in reached}
    return reached | {file for folder in packages for file in folder.iterdir() if file.suffix in DATA}


@cache
def _imports(path: Path) -> tuple[Path, ...]:
    """The project's files that a file imports, at its head or inside functions.

    A package that looks through its own `__path__` finds its modules by itself, so it depends on all of them.
    """
    names, finds_its_own, _ = _parsed(path)
    own = sorted(path.parent.glob("*.py")) if finds_its_own else []
    return (*own, *(file for name in names for file in _files(name)))


@cache
def _files(name: str) -> tuple[Path, ...]:
    """The file of a module and of the packages that it lies in; none where the module is not the project's."""
    place = ROOT.joinpath(*name.split("."))
    file = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
    if not file.is_file():
        return ()
    above = [folder / "__init__.py" for folder in file.parents if ROOT in folder.parents]
    # Engines are loaded by name and scores are found by listing their folder: any file there may be loaded.
    beside = file.parent.glob("*.py") if file.name == "__init__.py" and file.parent.parent == ROOT / "engines" else []
    return tuple(path for path in (file, *above, *beside) if path.is_file())


def _content(path: Path) -> bytes:
    """The part of a file that has an effect: of Python, the syntax tree without docstrings."""
    return _parsed(path)[2] if path.suffix == ".py" else path.read_bytes()


@cache
def _parsed(path: Path) -> tuple[list[str], bool, bytes]:
    """(names that a Python file imports, whether it uses its `__path__`, its syntax tree without docstrings)."""
    names, finds_its_own = [], False
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            finds_its_own |= node.id == "__path__"
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, DOCUMENTED) and _has_docstring(node):
            node.body[0] = ast.Pass()
    return names, finds_its_own, ast.dump(tree).encode()


def _has_docstring(node: ast.AST) -> bool:
    """Whether a body begins with a docstring."""
    return bool(node.body) and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
