"""The corpus folder: whose it is, and how it is replaced as a whole.

A marker names the work folder and input that a corpus belongs to; a corpus of another run is never touched. A new
corpus is built beside the old one. Then the old clips.csv is moved away, the other files are exchanged, the new
clips.csv comes last, and the old clips are deleted: at every moment the folder holds one whole corpus, or one without
clips.csv, which counts as none.
"""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline import manifest, metadata
from pipeline.digest import sha256
from pipeline.errors import ConfigError

MARKER = ".voxsieve"
CLIPS, REJECTS, STATISTICS, WAVS = "clips.csv", "rejects.csv", "statistics.json", "wavs"
RECORD = "corpus.json"  # in the work folder, of each stage that writes into the corpus folder: what it wrote
BUILDING = ".new"  # folder within the corpus folder
LAYOUT = 2  # of the work folder and the corpus folder; another one is refused


def owner(work: Path | str, input_names: Any) -> dict:
    """The content of the marker: the work folder, and the folders and files that `input` or `sources` name."""
    names = [input_names] if isinstance(input_names, str) else input_names
    roots = sorted(os.path.realpath(name) if isinstance(name, str) else json.dumps(name) for name in names)
    return {"layout": LAYOUT, "work": os.path.realpath(work), "input": roots}


def check(corpus: Path, marker: dict) -> None:
    """Raise ConfigError where a corpus folder holds what is not ours, or the corpus of another configuration."""
    taken = corpus.exists() and (not corpus.is_dir() or any(corpus.iterdir()))
    if not taken:
        return
    if not (corpus / MARKER).is_file():
        raise ConfigError(f"corpus_dir: '{corpus}' holds files that voxsieve did not make: name a new or empty folder.")
    existing = read_marker(corpus)
    if existing.get("layout") != LAYOUT:
        raise ConfigError(f"corpus_dir: '{corpus}' was made by an earlier version of voxsieve: name a new folder.")
    if existing["work"] != marker["work"] or not set(existing["input"]) <= set(marker["input"]):
        raise ConfigError(
            f"corpus_dir: '{corpus}' holds the corpus of {', '.join(existing['input'])} (work folder "
            f"{existing['work']}), this configuration is of {', '.join(marker['input'])} (work folder "
            f"{marker['work']}): name another corpus_dir and work_dir."
        )


def read_marker(corpus: Path) -> dict:
    """The content of a corpus folder's marker, {} where there is none or it is torn."""
    try:
        marker = json.loads((corpus / MARKER).read_text(encoding="utf-8") or "{}")
    except (FileNotFoundError, ValueError):
        return {}
    return marker if isinstance(marker, dict) else {}


def begin(corpus: Path, marker: dict) -> Path:
    """Mark a corpus folder as ours; return an empty folder to build the new corpus in."""
    check(corpus, marker)
    corpus.mkdir(parents=True, exist_ok=True)
    manifest.write_text(corpus / MARKER, json.dumps(marker) + "\n")
    shutil.rmtree(corpus / BUILDING, ignore_errors=True)
    (corpus / BUILDING).mkdir()
    return corpus / BUILDING


def replace(corpus: Path, names: list[str]) -> None:
    """Put what was built into its place, in the order of `names` (files and folders), clips.csv the last of all."""
    new, old = corpus / BUILDING, corpus / f"{CLIPS}.old"
    if (corpus / CLIPS).exists():
        (corpus / CLIPS).replace(old)
    folders = [name for name in names if (new / name).is_dir()]
    for name in folders:
        shutil.rmtree(corpus / f"{name}.old", ignore_errors=True)
    for name in [*(name for name in names if name != CLIPS), CLIPS]:
        if name in folders and (corpus / name).is_dir():
            (corpus / name).rename(corpus / f"{name}.old")
        (new / name).replace(corpus / name)
    old.unlink(missing_ok=True)
    for name in folders:  # only now: to delete a hundred thousand clips takes time, in which a run may be killed
        shutil.rmtree(corpus / f"{name}.old", ignore_errors=True)
    shutil.rmtree(new, ignore_errors=True)


def record(
    out: Path, corpus: Path, names: Iterable[str], to_fill_in: Iterable[Path] = (), absent: Iterable[Path] = ()
) -> None:
    """Write to `out` what now stands in a corpus under `names` (files and folders).

    Sizes of all files; SHA-256 of all but the clips, which the work folder has as well; digests of files `to_fill_in`
    by a person, which may change without being damaged; names of files that were `absent`, without which it was made.
    """
    to_fill_in = list(to_fill_in)
    paths = [path for name in names for path in [corpus / name, *sorted((corpus / name).rglob("*"))]]
    files = [path for path in paths if path.is_file() and path not in to_fill_in]

    def named(path: Path) -> str:
        return path.relative_to(corpus).as_posix()

    written = {
        "corpus": str(corpus),
        "files": {named(path): path.stat().st_size for path in files},
        "sha256": {named(path): sha256(path) for path in files if path.parent.name != WAVS},
        "texts": {named(path): metadata.digest(path) for path in to_fill_in},
        "absent": sorted(map(os.fsdecode, absent)),
    }
    manifest.write_text(out / RECORD, json.dumps(written, indent=0) + "\n")


def link_or_copy(source: Path, destination: Path) -> None:
    """A hard link, or a copy where source and destination lie on different file systems."""
    try:
        os.link(source, destination)
    except OSError:
        shutil.copyfile(source, destination)
