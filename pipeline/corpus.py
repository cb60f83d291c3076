"""The corpus folder: whose it is, and how it changes as a whole.

A marker tells which work folder and input a corpus belongs to; another one's is never touched. What is new is built
beside what is there. Then clips.csv, which names the corpus, is taken away, the rest changes places, and clips.csv
comes back last: at every moment the folder shows one corpus, whole, or none.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from pipeline import manifest
from pipeline.errors import ConfigError

MARKER = ".voxsieve"
CLIPS, REJECTS, STATISTICS, WAVS = "clips.csv", "rejects.csv", "statistics.json", "wavs"
BUILDING = ".new"  # folder within the corpus folder
LAYOUT = 2  # of the work folder and the corpus folder; another one is refused


def owner(work: Path | str, input_names: Any) -> dict:
    """What the marker tells: the work folder, and the folders and files that `input` or `sources` name."""
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
    """What a corpus folder's marker tells, {} where that cannot be read."""
    try:
        marker = json.loads((corpus / MARKER).read_text(encoding="utf-8") or "{}")
    except (OSError, ValueError):
        return {}
    return marker if isinstance(marker, dict) else {}


def begin(corpus: Path, marker: dict) -> Path:
    """Mark a corpus folder as ours; give an empty folder to build the new corpus in."""
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
    for name in [*(name for name in names if name != CLIPS), CLIPS]:
        if (corpus / name).is_dir():
            shutil.rmtree(corpus / f"{name}.old", ignore_errors=True)
            (corpus / name).rename(corpus / f"{name}.old")
        (new / name).replace(corpus / name)
        shutil.rmtree(corpus / f"{name}.old", ignore_errors=True)
    old.unlink(missing_ok=True)
    shutil.rmtree(new, ignore_errors=True)


def link_or_copy(source: Path, destination: Path) -> None:
    """A hard link, or a copy where source and destination lie on different file systems."""
    try:
        os.link(source, destination)
    except OSError:
        shutil.copyfile(source, destination)
