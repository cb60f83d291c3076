"""Environments for the original packages, the crawl and the laboratory: built by pip from hashed locks, in the cache.

    python -m install.environments spleeter ina resemblyzer

An environment's folder is named after the digest of its lock, so a changed lock makes a new one. A marker is written
when it is complete, so an interrupted one is built again; two jobs that start at once wait for each other.
"""

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from install.weights import cache
from pipeline import entry
from pipeline.errors import VoxsieveError

ENVS = Path(__file__).parent.parent / "envs"
OLDER = {"spleeter": (3, 12)}  # the first Python for which its tensorflow has no wheels


def known() -> list[str]:
    """The names of all environments."""
    return sorted(path.stem for path in ENVS.glob("*.lock"))


def folder(name: str) -> Path:
    """Where the environment of envs/NAME.lock lies or will lie."""
    lock = ENVS / f"{name}.lock"
    if not lock.is_file():
        raise VoxsieveError(f"There is no environment '{name}': {lock} does not exist.")
    return cache() / "envs" / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"


def python(name: str) -> Path:
    """The interpreter of an environment, whether it exists yet or not."""
    return folder(name) / "bin" / "python"


def ready(name: str) -> bool:
    """True where the environment is complete."""
    return (folder(name) / "complete").is_file()


def make(name: str) -> None:
    """Make the environment where it is not there yet."""
    place = folder(name)
    if name in OLDER and sys.version_info >= OLDER[name]:
        raise VoxsieveError(
            f"The environment '{name}' needs Python below {'.'.join(map(str, OLDER[name]))}, found "
            f"{sys.version_info.major}.{sys.version_info.minor}: use `engine: onnx`, which gives the same."
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place.parent / f"{name}.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if ready(name):
            return
        print(f"making the environment '{name}' (a minute or two, once)", file=sys.stderr)
        # A virtual environment cannot be moved into place, so a missing marker shows that it is unfinished.
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True, symlinks=True)
        lock = ENVS / f"{name}.lock"
        command = [python(name), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        result = subprocess.run([*command, "--no-deps", "--require-hashes", "-r", lock])
        if result.returncode:
            raise VoxsieveError(
                f"The environment '{name}' could not be made from {lock}: see pip's message above. torch's CPU build "
                "is not on every package index: give pip the folder or index that has it (PIP_FIND_LINKS)."
            )
        (place / "complete").touch()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make environments from their locks, two at a time.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", default=known(), help=f"which of {', '.join(known())}; none for all"
    )
    names = parser.parse_args().names
    with ThreadPoolExecutor(2) as pool:  # one downloads while the other unpacks
        for name, _ in zip(names, pool.map(make, names), strict=True):
            print(python(name))


if __name__ == "__main__":
    entry.run(main)
