"""Which folders may lie in which: whatever could eat a person's files, or the run's own, is refused before any job."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline import inputs
from pipeline.errors import ConfigError

FOUND = Path("speaker", "references")  # in work_dir: clips of voices that were found, there to be used as references
OWN = ("work_dir", "corpus_dir")  # what is written, replaced and taken away


def check(settings: Any) -> None:
    """Raise ConfigError where folders eat each other, through links as well."""
    own = {key: Path(getattr(settings, key)) for key in OWN}
    if settings.sources:
        own["downloads_dir"] = Path(settings.downloads_dir)
    for key, place in own.items():
        for other, theirs in own.items():
            if key < other and _within(place, theirs) and _within(theirs, place):
                raise ConfigError(f"{key} and {other} are the same folder, '{place}': give each its own.")
            if key != other and _within(place, theirs):
                raise ConfigError(f"{key}: '{place}' lies inside {other}, '{theirs}': choose a place outside.")
    for name, path in _given(settings):
        for key, place in own.items():
            if path.is_dir() and _within(place, path):
                raise ConfigError(f"{key}: '{place}' lies inside {name}, '{path}': choose a place outside.")
            if _within(path, place) and not _within(path, Path(settings.work_dir) / FOUND):
                raise ConfigError(
                    f"{name}: '{path}' lies inside {key}, '{place}', which is written anew: copy it elsewhere."
                )


def _given(settings: Any) -> Iterator[tuple[str, Path]]:
    """What a person gives: (key, place) of inputs, folder sources and references."""
    if settings.sources:
        for source in settings.sources:
            if folder := getattr(source, "folder", None):
                yield "the source folder", Path(folder)
    else:
        names = [settings.input] if isinstance(settings.input, str) else settings.input or []
        yield from (("input", Path(name)) for name in names)
    for name, path in settings.speaker.targets.items():
        yield f"speaker.targets: {name}", Path(path)


def _within(inner: Path, outer: Path) -> bool:
    """Whether a place is another one or lies below it, links followed."""
    return inner.resolve().is_relative_to(outer.resolve())


def listing(settings: Any) -> str:
    """What changes where a recording is added, removed or replaced; with sources, the crawl's manifest tells."""
    return "crawled" if settings.sources else inputs.fingerprint(inputs.find(settings.input))
