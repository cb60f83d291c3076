"""A record of what a job has written, so that a later run can check that it is unchanged.

In the folder of every job: written.json, how many files and bytes there are and how long the listing is, compared in a
moment by every run; and written.tsv, the listing: SHA-256, size and name of each, compared by `make verify`. They are
written last, after the results.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import lock, manifest
from pipeline.digest import sha256

SUMMARY, LISTING = "written.json", "written.tsv"
OWN = frozenset((SUMMARY, LISTING, "failed.json", "progress.json", lock.NAME))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a job's folder, as lock.alone; where the block ends without error, what then stands there is recorded."""
    with lock.alone(folder):
        (folder / SUMMARY).unlink(missing_ok=True)
        yield
        write(folder)


def files(folder: Path) -> Iterator[os.DirEntry]:
    """The files of a job below its folder, except the records about them."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                yield from files(Path(entry.path))
            elif entry.name not in OWN:
                yield entry


def write(folder: Path) -> None:
    """Record the files of a folder."""
    lines, total = [], 0
    for entry in files(folder):
        size = entry.stat().st_size
        total += size
        lines.append(f"{sha256(Path(entry.path))}\t{size}\t{os.path.relpath(entry.path, folder)}\n")
    manifest.write_text(folder / LISTING, "".join(lines))
    listing = (folder / LISTING).stat().st_size
    manifest.write_text(folder / SUMMARY, json.dumps({"files": len(lines), "bytes": total, "listing": listing}))


def is_whole(folder: Path) -> bool:
    """Whether a folder holds as many files and bytes as were written."""
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        sizes = [entry.stat().st_size for entry in files(folder)]
        listing = (folder / LISTING).stat().st_size
    except (OSError, ValueError):
        return False
    return summary == {"files": len(sizes), "bytes": sum(sizes), "listing": listing}


def changed(folder: Path) -> list[str]:
    """The names of the files of a folder that are gone or changed; the listing itself where it cannot be read."""
    there = {os.path.relpath(entry.path, folder): entry for entry in files(folder)}
    listed, wrong = set(), []
    try:
        for line in (folder / LISTING).read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            digest, size, name = line.split("\t", 2)
            listed.add(name)
            entry = there.get(name)
            if not entry or entry.stat().st_size != int(size) or sha256(Path(entry.path)) != digest:
                wrong.append(name)
    except (OSError, ValueError):
        return [LISTING]
    return wrong if listed >= there.keys() else [*wrong, LISTING]
