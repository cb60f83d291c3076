"""Make tests/engines/fixtures/separate_spleeter.npz: short slices of what spleeter itself answers.

    PYTHONPATH=. <python of envs/spleeter> tests/engines/make_fixtures_separate.py ../shared/data/upstream

Made with spleeter 2.4.2, tensorflow 2.12.1 and numpy 1.24.3; the file holds the versions too.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from pipeline import ffmpeg

FIXTURE = Path(__file__).parent / "fixtures" / "separate_spleeter.npz"
EXAMPLE = "spleeter_audio_example.mp3"
TILE = 512 * 1024
FIRST_BORDER = TILE - 4096  # the first sample that has its frames in the second tile
SLICES = {
    "example": [slice(at - 128, at + 128) for at in (128, FIRST_BORDER, FIRST_BORDER + 3072, 2 * TILE - 4096)],
    # Loud enough, held for four samples each, that both stems' sigmoids vanish and only their ratio counts.
    "held": [slice(134000, 134256)],
}


def recordings(folder: Path) -> dict[str, np.ndarray]:
    """name -> float32 (n, 2) at 44.1 kHz, made from Spleeter's own example in `folder`."""
    decoded = ffmpeg.run(["-i", str(folder / EXAMPLE), "-f", "f32le", "-ac", "2", "-ar", "44100", "-"])
    example = np.frombuffer(decoded.stdout, "<f4").reshape(-1, 2)
    return {
        "example": np.concatenate([example] * 3)[: 2 * TILE + 1000],
        "held": np.roll(example, -100_000, axis=0).repeat(4, axis=0)[:200_000],
    }


def main() -> None:
    from engines.spleeter.original import Separator

    spleeter = Separator(device="cpu").separate_whole
    arrays = {f"version_{name}": np.array(version(name)) for name in ("spleeter", "tensorflow", "numpy")}
    for name, samples in recordings(Path(sys.argv[1])).items():
        stems = {"mix": samples, **spleeter(samples)}
        for stem, values in stems.items():
            arrays[f"{name}_{stem}"] = np.concatenate([values[part] for part in SLICES[name]])
    FIXTURE.parent.mkdir(exist_ok=True)
    np.savez_compressed(FIXTURE, **arrays)
    print({name: str(array) if array.ndim == 0 else array.shape for name, array in arrays.items()})


if __name__ == "__main__":
    main()
