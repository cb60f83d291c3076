"""The work folder as a whole: that it is one of ours, that one run works in it, that its recorded results exist."""

import hashlib
import os
import sys
from pathlib import Path
from typing import TextIO

from pipeline import lock, manifest, metadata, registry, vouch
from pipeline.corpus import LAYOUT, RECORD
from pipeline.errors import ConfigError, ManifestError

VERSION = ".layout"


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
    for folder in folders(work):
        marker = marker_of(folder, work)
        if not marker.is_file():
            continue
        wrong = _changed(marker) if marker.name == RECORD else ""
        if wrong or not vouch.is_whole(folder):
            marker.unlink()
            name = ", ".join(folder.relative_to(work).parts)
            messages.append(
                f"{name}: {wrong}: it is made again"
                if wrong
                else f"{name}: files are not as they were written: they are made again"
            )
    return messages


def folders(work: Path) -> list[Path]:
    """The folders of all jobs, also of those that were never run: one a stage, or one a shard."""
    shards = _shards(work)
    places = []
    for name, stage in registry.stages().items():
        places += [work / name / shard for shard in shards] if stage.unit == "shard" else [work / name]
    return places


def marker_of(folder: Path, work: Path) -> Path:
    """The file without which a job's folder does not count as done."""
    return folder / registry.stages()[folder.relative_to(work).parts[0]].results[0]


def _changed(record: Path) -> str:
    """What is not as a stage's record has it: a file of the corpus, or the record itself; "" where nothing is."""
    try:
        written = manifest.read_object(record)
        place = Path(written["corpus"])
        wrong = [name for name, size in written["files"].items() if _size(place / name) != size]
        wrong += [name for name, digest in written["texts"].items() if metadata.digest(place / name) != digest]
        back = [name for name in written["absent"] if os.path.isfile(name)]
    except (ValueError, KeyError):
        wrong, back = [record.name], []
    if wrong:
        return f"{wrong[0]} is not as it was written"
    return f"{back[0]} is there again" if back else ""


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
