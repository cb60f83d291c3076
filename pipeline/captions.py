"""Caption files beside recordings: found by name. `transcribe` reads them."""

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline import inputs

TABLE = "captions.json"  # in a shard of the index: recording -> [path, identity] of each of its caption files
# Suffix -> the module of stages/transcribe/captions/ that reads it.
FORMATS = {
    ".vtt": "vtt",
    ".srt": "vtt",
    ".json3": "json3",
    ".ttml": "ttml",
    ".dfxp": "ttml",
    ".lrc": "lrc",
    ".textgrid": "textgrid",
}


def beside(recordings: Iterable[Path]) -> dict[Path, list[Path]]:
    """The caption files of each recording that has some: NAME.vtt, NAME.ko.vtt beside NAME.mp3, shortest name first.

    A folder is listed once. Captions of a name that several recordings share (a.mp3, a.wav) count for each of them.
    Raises VoxsieveError where a recording's folder is away.
    """
    recordings = list(recordings)
    listings = {folder: _listing(folder) for folder in {path.parent for path in recordings}}
    named = {path: listings[path.parent].get(path.stem, []) for path in recordings}
    return {path: files for path, files in named.items() if files}


def identities(files: Iterable[Path], work: Path | None = None) -> list[list]:
    """[path, its identity] of each, the path relative to `work`: changes where a file is added, removed or replaced.

    Raises FileNotFoundError where one is away by now.
    """
    return [[str(inputs.relative(path, work) if work else path), inputs.identity(path)] for path in files]


def _listing(folder: Path) -> dict[str, list[Path]]:
    """Stem of a recording -> the caption files with that stem, alone or before a language."""
    by_stem: dict[str, list[Path]] = {}
    try:
        with os.scandir(folder) as entries:
            names = sorted((entry.name for entry in entries if entry.is_file()), key=lambda name: (len(name), name))
    except PermissionError:  # one may read a file by its name without being let into its folder
        return {}
    except OSError as error:
        raise inputs.away(folder, error) from error
    for name in names:
        stem, suffix = os.path.splitext(name)
        if suffix.lower() in FORMATS:
            for of in {stem, os.path.splitext(stem)[0]}:
                by_stem.setdefault(of, []).append(folder / name)
    return by_stem
