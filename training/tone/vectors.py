"""The vectors of labelled clips, kept by content: a clip that was measured once is not measured again.

Beside the weights in the cache: tone/<part>-<version>/<SHA-256 of the file>.npy, where the version is a digest of the
code that measures. A part that cannot be measured (no voice, not decodable) is kept as an empty array.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from engines import resemblyzer
from engines.tone import descriptors, frames, parts, statistics
from install import weights
from pipeline import audio
from pipeline.digest import sha256
from pipeline.errors import Reject

BASIC_RATE = 22050  # librosa's own
MFCC_HOP = 1024  # samples
CODE = {
    "descriptors": (descriptors, frames, statistics),
    "voice": (resemblyzer,),
    "basic180": (),
    "mfcc": (),
}
EMPTY = np.zeros(0, np.float32)


def measure(paths: Iterable[Path], part: str, processes: int) -> list[np.ndarray | None]:
    """The vector of a part for every file, None where there is nothing to measure."""
    keep = folder(part)
    keep.mkdir(parents=True, exist_ok=True)
    vectors = of_files(partial(measured, part=part, keep=keep), paths, processes, part)
    return [vector if len(vector) else None for vector in vectors]


def lengths(paths: Iterable[Path], processes: int) -> list[float]:
    """The seconds of every file, 0 where it cannot be decoded."""
    return of_files(seconds, paths, processes, "length")


def of_files(function: Callable[[Path], Any], paths: Iterable[Path], processes: int, what: str) -> list:
    """What a function gives for every file, in several processes; `what` stands before the bar that tells how far."""
    paths = list(paths)
    with ProcessPoolExecutor(processes) as pool:
        given = pool.map(function, paths, chunksize=8)
        return list(tqdm(given, total=len(paths), desc=what, unit="clip", delay=2))


def folder(part: str) -> Path:
    """Where the vectors of a part are kept."""
    code = hashlib.sha256(b"".join(Path(module.__file__).read_bytes() for module in CODE[part]))
    code.update(parts.fingerprint([part]).encode())
    return weights.cache() / "tone" / f"{part}-{code.hexdigest()[:12]}"


def measured(path: Path, part: str, keep: Path) -> np.ndarray:
    """The vector of one file, from the cache where it is there; EMPTY where there is none."""
    place = keep / f"{sha256(path)}.npy"
    try:
        return np.load(place, allow_pickle=False)
    except (OSError, ValueError):
        pass
    try:
        vector = MEASURES[part](path)
    except Reject:
        vector = None
    vector = EMPTY if vector is None else vector.astype(np.float32)
    scratch = place.with_suffix(f".{os.getpid()}.partial.npy")
    np.save(scratch, vector)
    scratch.replace(place)
    return vector


def decoded(path: Path, rate: int = frames.RATE) -> np.ndarray:
    """A file of any codec and rate as mono float32. Raises Reject where it cannot be decoded."""
    return audio.concatenated(audio.decode_mono(path, rate))


def seconds(path: Path) -> float:
    """The length of a file, 0 where it cannot be decoded."""
    try:
        return len(decoded(path)) / frames.RATE
    except Reject:
        return 0.0


def voice(path: Path) -> np.ndarray | None:
    """Resemblyzer's d-vector, (256,)."""
    return embedder().embed([decoded(path)])[0].vector


@cache
def embedder():
    """Loaded once in each process."""
    return resemblyzer.load("onnx", threads=1, device="cpu")


def mfcc(path: Path) -> np.ndarray | None:
    """40 MFCC a frame by librosa, (FRAMES * MFCC,), zeros beyond the clip's end."""
    import librosa

    clip = decoded(path, BASIC_RATE)
    if not clip.any():
        return None
    clip = librosa.util.fix_length(clip, size=max(len(clip), 2048))
    cepstra = librosa.feature.mfcc(y=clip, sr=BASIC_RATE, n_mfcc=parts.MFCC, hop_length=MFCC_HOP)
    return librosa.util.fix_length(cepstra, size=parts.FRAMES, axis=1).T.ravel()


def basic180(path: Path) -> np.ndarray | None:
    """Means over time of 40 MFCC, 12 chroma and 128 mel bands by librosa, (180,)."""
    import librosa

    clip = decoded(path, BASIC_RATE)
    if not clip.any():
        return None
    clip = librosa.util.fix_length(clip, size=max(len(clip), 2048))
    kinds = (
        librosa.feature.mfcc(y=clip, sr=BASIC_RATE, n_mfcc=parts.BASIC["mfcc"]),
        librosa.feature.chroma_stft(S=np.abs(librosa.stft(clip)), sr=BASIC_RATE),
        librosa.feature.melspectrogram(y=clip, sr=BASIC_RATE),
    )
    return np.concatenate([kind.mean(axis=1) for kind in kinds])


MEASURES: dict[str, Callable[[Path], np.ndarray | None]] = {
    "descriptors": lambda path: descriptors.vector(decoded(path)),
    "voice": voice,
    "basic180": basic180,
    "mfcc": mfcc,
}
