"""axe-core, which checks a page for what keeps people out: from its registry, pinned by hash, into the cache."""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

from install.weights import cache

VERSION = "4.10.3"
SHA512 = (
    "5e6edba515e70d25f6604d9815f064d859c5d1ea7ab661bbc4f87c88779ef0c2"
    "1cae0abbeb636471ef39e9d62d2582e4b88a1866f19f4ecfcf6d986275e4dc12"
)


def script() -> Path:
    """axe.min.js, fetched once by npm."""
    place = cache() / "tools" / f"axe-core-{VERSION}.min.js"
    if place.is_file():
        return place
    if not shutil.which("npm"):
        pytest.skip("needs npm, which fetches axe-core")
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"axe-core@{VERSION}", "--pack-destination", folder, "--ignore-scripts"]
        if subprocess.run(command, capture_output=True, cwd=folder, timeout=120).returncode:
            pytest.skip("axe-core cannot be had from the registry")
        (packed,) = Path(folder).glob("*.tgz")
        assert hashlib.sha512(packed.read_bytes()).hexdigest() == SHA512, "axe-core is not the pinned one"
        with tarfile.open(packed) as archive:
            content = archive.extractfile("package/axe.min.js").read()
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(folder) / "axe.js"
        partial.write_bytes(content)
        shutil.move(partial, place)
    return place
