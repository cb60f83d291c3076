"""Write fixtures/segment: what inaSpeechSegmenter itself says about the demo and the development recordings.

    $VOXSIEVE_ENV_INA tests/engines/make_fixtures_segment.py /path/to/shared/data

Run it with the python of the environment envs/ina. NAME-ENGINE.csv is the package's own answer, with its
own file reader; features.npz holds the features of 0021.mp3 and the posteriors of lamartine.wav.
"""

import importlib.metadata
import json
import os
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from install import weights  # noqa: E402
from pipeline import ffmpeg  # noqa: E402

FIXTURES = Path(__file__).parent / "fixtures" / "segment"
SUFFIXES = {".mp3", ".ogg", ".m4a", ".flac", ".wav"}


def main(data: Path) -> None:
    os.environ["PATH"] = f"{Path(ffmpeg.find('ffmpeg')).parent}{os.pathsep}{os.environ['PATH']}"
    import tensorflow
    from inaSpeechSegmenter import segmenter

    segmenter.get_remote = lambda name: str(weights.file(f"ina/{name}"))
    folders = [ROOT / "examples", *(data / name for name in ("conversation", "radio", "upstream"))]
    files = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    files = [path for path in files if path.suffix in SUFFIXES]
    for engine in ("smn", "sm"):
        package = segmenter.Segmenter(vad_engine=engine, batch_size=256)
        for path in files:
            segmenter.seg2csv(package(str(path)), FIXTURES / f"{path.stem}-{engine}.csv")
        if engine == "smn" and (data / "upstream").is_dir():
            np.savez_compressed(FIXTURES / "features.npz", **arrays(segmenter, package, data / "upstream"))
    names = ("inaSpeechSegmenter", "keras", "numpy")
    versions = {name: importlib.metadata.version(name) for name in names}
    versions["tensorflow"] = tensorflow.__version__  # of tensorflow or tensorflow-cpu
    (FIXTURES / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")


def arrays(segmenter, package, folder: Path) -> dict[str, np.ndarray]:
    """Features of a short recording, and the posteriors of every patch of a longer one by both networks."""
    mel, energy, missing = segmenter._media2feats(str(folder / "0021.mp3"), None, None, "ffmpeg")
    spectrogram = segmenter._media2feats(str(folder / "lamartine.wav"), None, None, "ffmpeg")[0]
    patches = segmenter._get_patches(spectrogram[:, :21].copy(), 68, 2)[0]
    all_bands = segmenter._get_patches(spectrogram, 68, 2)[0]
    return {
        "mel": mel[: len(mel) - missing].astype(np.float32),
        "energy": energy,
        "smn": package.vad.nn.predict(patches[..., np.newaxis], batch_size=256, verbose=0),
        "gender": package.gender.nn.predict(all_bands[..., np.newaxis], batch_size=256, verbose=0),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
