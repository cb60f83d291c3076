"""Which folders may lie in which, and may be written: what could overwrite files is refused before any job."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline import captions, inputs
from pipeline.errors import ConfigError

FOUND = Path("speaker", "references")  # in work_dir: clips of the voices found, which may serve as references
TOLD = Path("speaker", "told.json")  # in work_dir: the ids of the decisions that were taken up
OWN = ("work_dir", "corpus_dir")  # folders whose content is written, replaced and deleted


def check(settings: Any) -> None:
    """Raise ConfigError where one folder would overwrite another, also through links."""
    check_decisions(Path(settings.decisions), Path(settings.work_dir))
    own = {key: Path(getattr(settings, key)) for key in OWN}
    if settings.sources:
        own["downloads_dir"] = Path(settings.downloads_dir)
    for key, place in own.items():
        for outer_key, outer in own.items():
            if key == outer_key or not _within(place, outer):
                continue
            if _within(outer, place):
                raise ConfigError(f"{key} and {outer_key} are the same folder, '{place}': give each its own.")
            raise ConfigError(f"{key}: '{place}' lies inside {outer_key}, '{outer}': choose a place outside.")
    for name, place in ((f"{key}: '{place}'", place) for key, place in own.items()):
        _check_writable(name, place)
    _check_writable(f"the folder of this run, '{Path.cwd()}'", Path(".snakemake"))
    kept = own | {"decisions": Path(settings.decisions)}  # recordings that a person handed over are kept there
    for name, path in _provided(settings):
        for reached in _reached(path):
            for key, place in kept.items():
                if name == "decisions" == key:
                    continue
                if reached.is_dir() and _within(place, reached):
                    raise ConfigError(f"{key}: '{place}' lies inside {name}, '{path}': choose a place outside.")
                found = name.startswith("speaker.") and _within(reached, Path(settings.work_dir) / FOUND)
                if _within(reached, place) and not found:
                    raise ConfigError(
                        f"{name}: '{path}' lies inside {key}, '{place}', which is written anew: copy it elsewhere."
                    )


def check_decisions(place: Path, work: Path) -> None:
    """Raise ConfigError where the folder of decisions is a file, or gone since a run: to undo them takes more."""
    if place.is_dir():
        return
    if place.exists():
        raise ConfigError(f"decisions: '{place}' is a file: name the folder that holds them.")
    try:
        count = len(json.loads((work / TOLD).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return
    if count:
        raise ConfigError(
            f"decisions: the folder '{place}' is gone, from which the last run took {count} decisions: bring it back, "
            "or make an empty one if none of them is to count any more."
        )


def _provided(settings: Any) -> Iterator[tuple[str, Path]]:
    """(key, path) of what a person provides: inputs, folder sources and references."""
    if settings.sources:
        for source in settings.sources:
            if folder := getattr(source, "folder", None):
                yield from (("the source folder", Path(name)) for name in inputs.expand([folder]))
    else:
        names = [settings.input] if isinstance(settings.input, str) else settings.input or []
        yield from (("input", Path(name)) for name in inputs.expand(names))
    yield "decisions", Path(settings.decisions)
    for name, path in settings.speaker.targets.items():
        yield f"speaker.targets: {name}", Path(path)


def _reached(root: Path) -> Iterator[Path]:
    """The places that a walk of a file or folder reaches: itself, and the targets of links to folders inside it."""
    waiting, seen = [root.resolve()], set()
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        yield place
        for folder, folders, _ in os.walk(place):
            inside = (Path(folder, name) for name in folders)
            waiting += [path.resolve() for path in inside if path.is_symlink()]


def _check_writable(name: str, place: Path) -> None:
    """Raise ConfigError where this user may not write to a folder, or not make it."""
    there = next(path for path in (place, *place.absolute().parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise ConfigError(
            f"{name} cannot be written: permission denied for {there.absolute()}, which belongs to user "
            f"{there.stat().st_uid}, and this is user {os.geteuid()}: choose folders of your own."
        )


def _within(inner: Path, outer: Path) -> bool:
    """Whether a place is another one or lies below it, links followed."""
    return inner.resolve().is_relative_to(outer.resolve())


def listing(settings: Any) -> str:
    """A text that changes when a recording, or captions beside it, are added, removed or replaced.

    With sources, the crawl's manifest does.
    """
    if settings.sources:
        return "crawled"
    recordings = inputs.find(settings.input)
    beside = captions.beside(item.path for item in recordings)
    return f"{inputs.fingerprint(recordings)} {[captions.identities(files) for files in beside.values()]}"
