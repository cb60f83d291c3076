"""Finding recordings: what `input:` names, walked and sorted, before anything is opened."""

import hashlib
import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.errors import ConfigError, VoxsieveError

SUFFIXES = frozenset(
    ".wav .mp3 .flac .ogg .oga .opus .m4a .m4b .aac .wma .webm .mp4 .mkv .mov .avi .m4v .mka .aif .aiff .aifc "
    ".caf .au .w64 .rf64 .amr .ac3 .mp2 .3gp .ts .wv .ape".split()
)
TEXT_LIST = ".txt"


@dataclass(frozen=True)
class Found:
    """A file (or a folder with an audio name) that `input` leads to.

    `source`: its path relative to `input`, and its unique name from here on. `certain`: False without a suffix, so that
    it counts as a recording only where it turns out to be one. `fault`: (reason, message) of what cannot be opened.
    `provenance`: what the crawl knows about it.
    """

    path: Path
    source: str
    certain: bool = True
    provenance: dict = field(default_factory=dict)
    fault: tuple[str, str] | None = None


def find(paths: str | list[str], key: str = "input") -> list[Found]:
    """Every candidate recording, sorted by source, each path once.

    A folder is walked (links followed once), a file is taken as it is, a .txt file is a list of paths, one a
    line. Raises ConfigError where something named does not exist or nothing is found, VoxsieveError where a disk goes
    away meanwhile.
    """
    candidates: dict[str, Found] = {}
    sources: set[str] = set()
    for name in expand([paths] if isinstance(paths, str) else paths):
        root = Path(name)
        if not root.exists():
            raise ConfigError(f"{key}: '{name}' does not exist (looked in {Path.cwd()}): correct the path.")
        if not root.is_dir() and not root.is_file():
            raise ConfigError(f"{key}: '{name}' is neither a file nor a folder (a pipe, a device): name a file.")
        folder = (root.absolute() if root.is_dir() else root.absolute().parent).name
        for item in _walk(root) if root.is_dir() else [Found(root, root.name)]:
            if (path := os.path.abspath(item.path)) not in candidates:
                # Of two with one name the later also gets its folder's name, so that the earlier keeps its own.
                longer = (item.source, os.path.join(folder, item.source))
                source = next((text for text in longer if text not in sources), path)
                sources.add(source)
                candidates[path] = replace(item, source=source)
    if not candidates:
        raise ConfigError(
            f"{key}: no recordings in {paths!r}: expected files such as wav, mp3, flac, ogg, m4a, opus, mp4 or mkv."
        )
    return sorted(candidates.values(), key=lambda item: (os.fsencode(item.source), os.fsencode(item.path)))


def identity(path: Path) -> dict[str, int]:
    """What distinguishes a file from another of the same name: size, time and inode."""
    status = path.stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "inode": status.st_ino}


def fingerprint(items: list[Found]) -> str:
    """Digest of names and identities: changes where a file is added, removed or replaced."""
    digest = hashlib.sha256()
    for item in items:
        facts = {} if item.fault else identity(item.path)
        digest.update(os.fsencode(f"{item.path}\0{item.source}\0{facts}\n"))
    return digest.hexdigest()[:16]


def content(items: list[Found]) -> str:
    """Digest of the content of files, read whole: for a few small ones, such as reference clips."""
    digest = hashlib.sha256()
    for item in items:
        with open(item.path, "rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest() + os.fsencode(item.source))
    return digest.hexdigest()[:16]


def relative(path: Path, work: Path) -> str:
    """How a manifest in `work` names a file outside it; links to folders are followed first, as the kernel does."""
    real = os.path.join(os.path.realpath(path.parent), path.name)
    return os.path.relpath(real, os.path.realpath(work))


def expand(names: list[str]) -> list[str]:
    """Files and folders as named, and in place of a .txt file those that it lists."""
    wide = []
    for name in names:
        if name.lower().endswith(TEXT_LIST) and Path(name).is_file():
            lines = Path(name).read_text(encoding="utf-8-sig", errors="surrogateescape").split("\n")
            wide += [line.rstrip("\r") for line in lines if line.strip() and not line.startswith("#")]
        else:
            wide.append(name)
    return wide


def _walk(root: Path):
    seen, unreadable = set(), []
    for folder, folders, files in os.walk(root, followlinks=True, onerror=unreadable.append):
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
            if (suffix in SUFFIXES or not suffix) and (status := _status(path)):
                fault = None
                if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
                    fault = ("not_a_file", "A pipe, a socket or a device, which has no end.")
                yield Found(path, os.path.relpath(path, root), certain=bool(suffix), fault=fault)
    for error in unreadable:
        place = Path(error.filename)
        if not isinstance(error, PermissionError):
            raise away(place, error)
        message = f"The folder cannot be looked into ({error.strerror}): let this user read it."
        yield Found(place, os.path.relpath(place, root), fault=("unreadable_folder", message))


def _status(path: Path) -> os.stat_result | None:
    """A file's status; None behind a broken link. Raises VoxsieveError where the file has gone since it was listed."""
    try:
        return path.stat()
    except OSError as error:
        if os.path.islink(path):
            return None
        raise away(path, error) from error


def away(path: Path, error: OSError) -> VoxsieveError:
    """What is said where a disk does not answer: that its recordings are none would be remembered."""
    return VoxsieveError(f"{path} cannot be read now ({error.strerror}): bring its disk back, then run again.")
