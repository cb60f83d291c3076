"""Compare the default engines with the original packages on whole recordings.

    python -m benchmarks.parity FOLDER [--minutes 25]

Separation: largest difference of any sample over MINUTES of the recordings in one piece. Segmentation: share of equal
20 ms frames of each recording, with coarse and with exact evaluation. Speaker: least cosine over clips of 1 to 15 s.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from install import environments
from pipeline import audio, inputs

PACKAGES = {"separate": "spleeter", "segment": "ina", "embed": "resemblyzer"}


def work(task: str, engine: str, folder: Path) -> None:
    """Write FOLDER/TASK.ENGINE, the output of one engine (runs in that engine's environment)."""
    out = folder / f"{task}.{engine}"
    if task == "separate":
        from engines.spleeter import load

        blocks = soundfile.blocks(folder / "stereo.wav", 1 << 20, dtype="float32", always_2d=True)
        with open(out, "wb") as stream:
            for vocals, _ in load(engine, 2, "cpu").stream(blocks):
                stream.write(vocals.astype("<f4").tobytes())
    elif task == "segment":
        from engines.ina import load

        results = {}
        for exact in (False, True):
            segmenter = load(engine, "smn", True, exact, 2, "cpu")
            for path in sorted(folder.glob("*.mono.wav")):
                spans = segmenter.segment(soundfile.blocks(path, 1 << 20, dtype="float32"))
                results[f"{path.name} {exact}"] = [(span.label, span.start, span.stop) for span in spans]
        out.write_text(json.dumps(results))
    else:
        from engines.resemblyzer import load

        paths = sorted((folder / "clips").iterdir())
        results = load(engine, 2, "cpu").embed([soundfile.read(path, dtype="float32")[0] for path in paths])
        np.save(
            out.open("wb"),
            np.stack([np.zeros(256) if embedding.vector is None else embedding.vector for embedding in results]),
        )


def prepare(recordings: Path, folder: Path, minutes: float) -> None:
    """The recordings as one long stereo file, each as mono at 16 kHz, and clips of them."""
    rng = np.random.default_rng(0)
    (folder / "clips").mkdir()
    items = inputs.find(str(recordings))
    wanted = round(minutes * 60 * 44100)
    with audio.writing(folder / "stereo.wav", 44100, 2, "FLOAT") as out:
        while out.tell() < wanted:
            for item in items:
                for block in audio.Decoding(item.path, 44100, 2):
                    out.write(block[: max(0, wanted - out.tell())])
    for item in items:
        mono = np.concatenate([block[:, 0] for block in audio.Decoding(item.path, 16000, 1, pcm16=True)])
        soundfile.write(folder / f"{item.path.stem}.mono.wav", mono, 16000)
        for i in range(20):
            start, length = rng.integers(0, len(mono) - 16000), round(16000 * rng.uniform(1, 15))
            soundfile.write(folder / "clips" / f"{item.path.stem}.{i:02d}.wav", mono[start : start + length], 16000)


def labels(spans: list, frames: int) -> np.ndarray:
    """The label of every 20 ms frame."""
    label_of_frame = np.full(frames, "", object)
    for label, start, stop in spans:
        label_of_frame[round(start * 50) : round(stop * 50)] = label
    return label_of_frame


def report(folder: Path) -> None:
    """Compare what the engines wrote."""
    ours, original = (np.memmap(folder / f"separate.{engine}", "<f4", "r") for engine in ("onnx", "original"))
    difference = max(
        float(np.abs(ours[at : at + (1 << 24)] - original[at : at + (1 << 24)]).max())
        for at in range(0, len(ours), 1 << 24)
    )
    print(f"separate: {len(ours) // 2} and {len(original) // 2} samples, largest difference {difference:.1e}")
    ours, original = (json.loads((folder / f"segment.{engine}").read_text()) for engine in ("onnx", "original"))
    for key, spans in ours.items():
        frames = round(max(stop for _, _, stop in spans) * 50)
        equal = np.mean(labels(spans, frames) == labels(original[key], frames))
        print(f"segment {key.replace(' False', ', coarse').replace(' True', ', exact')}: {100 * equal:.3f} % of frames")
    ours, original = (np.load(folder / f"embed.{engine}") for engine in ("onnx", "original"))
    judged = ours.any(axis=1) | original.any(axis=1)
    print(f"speaker: least cosine of {judged.sum()} clips {np.sum(ours * original, axis=1)[judged].min():.7f}")


def main() -> None:
    if sys.argv[1] == "--work":
        work(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("recordings", type=Path, help="folder of recordings")
    parser.add_argument("--minutes", type=float, default=25.0, help="length of the separated piece")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(args.recordings, folder, args.minutes)
        for task, package in PACKAGES.items():
            for engine in ("onnx", "original"):
                python = environments.python(package) if engine == "original" else sys.executable
                command = [python, "-m", "benchmarks.parity", "--work", task, engine, folder]
                words = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
                subprocess.run(command, check=True, env=words, stdout=subprocess.DEVNULL)
        report(folder)


if __name__ == "__main__":
    main()
