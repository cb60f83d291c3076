"""Hear a method: python -m training.infer --model FILE.onnx|rnnoise|... IN OUT.

IN is a file of sound, a folder of them (OUT gets WAVs of the same names, rates and lengths), an .npy with magnitudes
(t, 257) of the laboratory's Fourier transform (OUT is the same, masked), or `random:FOLDER` of training.mix: OUT then
gets clean, noisy and predicted as sound, and a picture of the three.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import soundfile

from engines import enhancers
from engines.enhancers import stft
from engines.enhancers.model import Model
from engines.protocols import Enhancer
from pipeline import entry
from pipeline.errors import ConfigError
from training import pictures, sounds
from training.sounds import RATE, SUFFIXES

RANDOM = "random:"


def of_file(enhancer: Enhancer, source: Path, target: Path) -> None:
    """One file to a WAV of the same rate, channels and length."""
    try:
        signal, rate = soundfile.read(source, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise ConfigError(f"{source} cannot be read as sound ({error}): repair it or take it out.") from None
    channels = [enhancers.enhanced(enhancer, np.ascontiguousarray(channel), rate) for channel in signal.T]
    target.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(target, np.stack(channels, axis=1), rate, "PCM_16")


def of_magnitudes(enhancer: Enhancer, source: Path, target: Path) -> None:
    """Magnitudes (t, BINS) in an .npy to the same, masked. Raises ConfigError where they are of another shape."""
    if not isinstance(enhancer, Model):
        raise ConfigError("Only an ONNX model of the laboratory's takes magnitudes: name one with --model.")
    try:
        magnitude = np.load(source, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{source} cannot be read as an array ({error}): write it with numpy.save.") from None
    if magnitude.ndim != 2 or magnitude.shape[1] != stft.BINS:
        raise ConfigError(f"{source} holds an array of {magnitude.shape}, expected (frames, {stft.BINS}).")
    magnitude = np.abs(magnitude).astype(np.float32)
    np.save(target, magnitude * np.concatenate(list(enhancer.masks([magnitude]))))


def of_random(enhancer: Enhancer, folder: Path, out: Path, seed: int) -> None:
    """A random validation pair of a mixed folder: clean, noisy and predicted, side by side."""
    table = folder / "val" / "pairs.csv"
    if not table.is_file():
        raise ConfigError(f"{folder} has no val/pairs.csv: name a folder that training.mix wrote.")
    with open(table, encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    row = rows[np.random.default_rng(seed).integers(len(rows))]
    shown = {name: sounds.read(table.parent / row[key]) for name, key in (("clean", "clean"), ("noisy", "degraded"))}
    shown["predicted"] = enhancers.enhanced(enhancer, shown["noisy"], RATE)
    out.mkdir(parents=True, exist_ok=True)
    for name, signal in shown.items():
        soundfile.write(out / f"{row['id']}_{name}.wav", signal, RATE, "PCM_16")
    pictures.beside(shown).savefig(out / f"{row['id']}.png")


def main() -> None:
    parser = argparse.ArgumentParser("python -m training.infer", description=__doc__.split("\n\n")[0])
    parser.add_argument("--model", default="rnnoise", help="an ONNX file, or a method: rnnoise, spectral, wpe")
    parser.add_argument("--seed", type=int, default=0, help="which random pair (default: 0)")
    parser.add_argument("source", metavar="IN", help="file, folder, .npy, or random:FOLDER")
    parser.add_argument("out", metavar="OUT", type=Path, help="file or folder to write")
    args = parser.parse_args()
    enhancer = enhancers.load(args.model)
    source = Path(args.source.removeprefix(RANDOM))
    if args.source.startswith(RANDOM):
        return of_random(enhancer, source, args.out, args.seed)
    if source.suffix == ".npy":
        return of_magnitudes(enhancer, source, args.out)
    if not source.is_dir():
        return of_file(enhancer, source, args.out)
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise ConfigError(f"There is no sound in {source} ({', '.join(SUFFIXES)}): name a folder that has some.")
    if args.out.resolve() == source.resolve():
        raise ConfigError(f"{args.out} is the folder that is read: name another, so that nothing is overwritten.")
    for path in found:
        of_file(enhancer, path, (args.out / path.relative_to(source)).with_suffix(".wav"))


if __name__ == "__main__":
    entry.run(main)
