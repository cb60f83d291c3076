"""Finding recordings: what `input:` names, walked and sorted, before anything is opened."""

import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.errors import ConfigError

SUFFIXES = frozenset(
    ".wav .mp3 .flac .ogg .oga .opus .m4a .m4b .aac .wma .webm .mp4 .mkv .mov .avi .m4v .mka .aif .aiff .aifc "
    ".caf .au .w64 .rf64 .amr .ac3 .mp2 .3gp .ts .wv .ape".split()
)
TEXT_LIST = ".txt"


@dataclass(frozen=True)
class Found:
    """A file (or a folder with an audio name) that `input` leads to.

    `source`: its path relative to `input`, and its name from here on: no two are the same.
    """

    path: Path
    source: str
    certain: bool = True  # False: no suffix, so taken as a recording only where it turns out to be one
    provenance: dict = field(default_factory=dict)  # what the crawl knows of it


def find(given: str | list[str], key: str = "input") -> list[Found]:
    """Every candidate recording, sorted by source, each path once.

    A folder is walked (links followed once), a file is taken as it is, a .txt file is a list of paths, one a
    line. Raises ConfigError where something named does not exist or nothing is found.
    """
    found: dict[str, Found] = {}
    sources: set[str] = set()
    for name in _expand([given] if isinstance(given, str) else given):
        root = Path(name)
        if not root.exists():
            raise ConfigError(f"{key}: '{name}' does not exist (looked in {Path.cwd()}): correct the path.")
        folder = (root.absolute() if root.is_dir() else root.absolute().parent).name
        for item in _walk(root) if root.is_dir() else [Found(root, root.name)]:
            if (path := os.path.abspath(item.path)) not in found:
                # The later of two of one name gets its folder's too, so that what was found before keeps its name.
                longer = (item.source, os.path.join(folder, item.source))
                source = next((one for one in longer if one not in sources), path)
                sources.add(source)
                found[path] = replace(item, source=source)
    if not found:
        raise ConfigError(
            f"{key}: no recordings in {given!r}: expected files such as wav, mp3, flac, ogg, m4a, opus, mp4 or mkv."
        )
    return sorted(found.values(), key=lambda item: (os.fsencode(item.source), os.fsencode(item.path)))


def fingerprint(items: list[Found]) -> str:
    """Digest of names, sizes and times: changes where a file is added, removed or replaced."""
    digest = hashlib.sha256()
    for item in items:
        stat = item.path.stat()
        digest.update(os.fsencode(f"{item.path}\0{item.source}\0{stat.st_size}\0{stat.st_mtime_ns}\n"))
    return digest.hexdigest()[:16]


def _expand(names: list[str]) -> list[str]:
    wide = []
    for name in names:
        if name.lower().endswith(TEXT_LIST) and Path(name).is_file():
            lines = Path(name).read_text(encoding="utf-8-sig", errors="surrogateescape").split("\n")
            wide += [line.rstrip("\r") for line in lines if line.strip() and not line.startswith("#")]
        else:
            wide.append(name)
    return wide


def _walk(root: Path):
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(set(folders) - {".git", ".snakemake"})
        names = [name for name in folders if Path(name).suffix.lower() in SUFFIXES]
        for name in names + files:
            path = Path(folder) / name
            suffix = Path(name).suffix.lower()
            if (suffix in SUFFIXES or not suffix) and path.exists():
                yield Found(path, os.path.relpath(path, root), certain=bool(suffix))
