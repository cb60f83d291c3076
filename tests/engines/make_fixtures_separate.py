"""Make tests/engines/fixtures/separate_spleeter.npz: short slices of what spleeter itself answers.

    PYTHONPATH=. <python of envs/spleeter> tests/engines/make_fixtures_separate.py ../shared/data/upstream

Of a demo recording, and of Spleeter's own example.

Made with spleeter 2.4.2, tensorflow 2.12.1 and numpy 1.24.3; the file holds the versions too.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from pipeline import ffmpeg

FIXTURE = Path(__file__).parent / "fixtures" / "separate_spleeter.npz"
DEMO = Path(__file__).parents[2] / "examples" / "harbour_noon.mp3"
EXAMPLE = "spleeter_audio_example.mp3"
TILE = 512 * 1024
FIRST_BORDER = TILE - 4096  # the first sample that has its frames in the second tile
BORDERS = [slice(at - 128, at + 128) for at in (128, FIRST_BORDER, FIRST_BORDER + 3072, 2 * TILE - 4096)]
SLICES = {
    "demo": BORDERS,  # music, then speech
    "example": BORDERS,
    # Loud enough, held for four samples each, that both stems' sigmoids vanish and only their ratio counts.
    "held": [slice(134000, 134256)],
}


def decoded(path: Path) -> np.ndarray:
    answer = ffmpeg.run(["-i", str(path), "-f", "f32le", "-ac", "2", "-ar", "44100", "-"])
    return np.frombuffer(answer.stdout, "<f4").reshape(-1, 2)


def recording(name: str, folder: Path) -> np.ndarray:
    """float32 (n, 2) at 44.1 kHz, of the demo, or made from Spleeter's own example in `folder`."""
    if name == "demo":
        return decoded(DEMO)[: 2 * TILE + 1000]
    example = decoded(folder / EXAMPLE)
    if name == "example":
        return np.concatenate([example] * 3)[: 2 * TILE + 1000]
    return np.roll(example, -100_000, axis=0).repeat(4, axis=0)[:200_000]


def main() -> None:
    from engines.spleeter.original import Separator

    spleeter = Separator(device="cpu").separate_whole
    arrays = {f"version_{name}": np.array(version(name)) for name in ("spleeter", "tensorflow", "numpy")}
    for name in SLICES:
        samples = recording(name, Path(sys.argv[1]))
        stems = {"mix": samples, **spleeter(samples)}
        for stem, values in stems.items():
            arrays[f"{name}_{stem}"] = np.concatenate([values[part] for part in SLICES[name]])
    FIXTURE.parent.mkdir(exist_ok=True)
    np.savez_compressed(FIXTURE, **arrays)
    print({name: str(array) if array.ndim == 0 else array.shape for name, array in arrays.items()})


if __name__ == "__main__":
    main()
