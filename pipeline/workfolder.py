"""The work folder as a whole: that it is one of ours, that one run works in it, that its recorded results exist."""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TextIO

from pipeline import lock, manifest, metadata, registry, vouch
from pipeline.corpus import LAYOUT
from pipeline.errors import ConfigError, ManifestError

VERSION = ".layout"
WRITTEN = "corpus.json"  # the result of a stage that writes into the corpus folder: names and sizes of its files


def record(work: Path) -> Path:
    """The file that records that this work folder was made by runs from here, beside Snakemake's own records."""
    return Path(".snakemake", "voxsieve", hashlib.sha256(os.fsencode(work)).hexdigest()[:16])


def check(work: Path) -> None:
    """Refuse a work folder of another version, and one that Snakemake has no records of.

    Without records it would take everything there as up to date.
    """
    if not (work / "index" / "shards.json").exists():
        return
    if not (work / VERSION).is_file() or (work / VERSION).read_text(encoding="utf-8").strip() != str(LAYOUT):
        raise ConfigError(
            f"work_dir: '{work}' was made by an earlier version of voxsieve, with rows of another form: name a new "
            "work_dir (and a new corpus_dir); the old ones stay as they are."
        )
    if not record(work).exists():
        raise ConfigError(
            f"work_dir: '{work}' holds results of which there is no record in {Path.cwd() / '.snakemake'}, so that "
            "changed settings would go unnoticed: run in the folder where it was made, or name another work_dir."
        )


def hold(work: Path) -> TextIO:
    """Keep other runs out of a work folder for as long as the handle that this gives is open.

    Snakemake's own lock outlives a killed run and has to be taken away by hand; this one ends with the process.
    """
    try:
        work.mkdir(parents=True, exist_ok=True)
        handle = open(work / ".lock", "a")  # noqa: SIM115 - held until the process ends
        record(work).parent.mkdir(parents=True, exist_ok=True)
        record(work).touch()
    except OSError as error:
        sys.exit(f"error: work_dir: '{work}' cannot be written ({error.strerror}): name another folder.")
    if not lock.taken(handle):
        sys.exit(f"error: another run works in {work}: wait for it, or give this one a work_dir of its own.")
    (work / VERSION).write_text(f"{LAYOUT}\n", encoding="utf-8")
    return handle


def forget_what_is_gone(work: Path) -> list[str]:
    """Delete the files that mark a result as done where the result is damaged or gone; return a message for each.

    Compares names and sizes of the corpus's files: a second for a hundred thousand.
    """
    if not (work / ".lock").is_file():
        return []
    with open(work / ".lock", "a") as handle:
        return _forget(work) if lock.taken(handle) else []  # a run in progress needs no help


def _forget(work: Path) -> list[str]:
    messages = []
    for stage in (name for name, declared in registry.stages().items() if WRITTEN in declared.results):
        marker = work / stage / WRITTEN
        try:
            result = json.loads(marker.read_text(encoding="utf-8"))
            place = Path(result["corpus"])
            wrong = next((name for name, size in result["files"].items() if _size(place / name) != size), None)
            texts_now = {name: metadata.digest(place / name) for name in result.get("texts", {})}
            wrong = wrong or next((name for name, digest in texts_now.items() if result["texts"][name] != digest), None)
        except FileNotFoundError:
            continue
        except (ValueError, KeyError):
            wrong = marker.name
        if wrong:
            marker.unlink()
            messages.append(f"{stage}: {wrong} is not as it was written: it is made again")
    for stage in registry.of_unit("shard"):
        for shard in _shards(work):
            marker = work / stage / shard / manifest.MANIFEST
            if marker.is_file() and not vouch.is_whole(marker.parent):
                marker.unlink()
                messages.append(f"{stage}, {shard}: files are not as they were written: they are made again")
    return messages


def _shards(work: Path) -> list[str]:
    try:
        return manifest.shards(work)
    except ManifestError:
        return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
