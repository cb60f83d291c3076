"""What the methods do to a folder of sounds: python -m stages.enhance compare FOLDER --methods rnnoise spectral model.

Prints a table of scores by method and writes a page with it, histograms, and every sound before and after.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engines import enhancers, resemblyzer
from engines.enhancers import judging
from engines.enhancers.better import through
from pipeline import audio
from pipeline.errors import ConfigError, Reject

SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".m4a", ".opus")
SCORES = ("overall", "speech", "background", "likeness")
ORIGINAL = "original"
BINS = np.linspace(1, 5, 33)  # of DNSMOS
LONGEST = 120  # seconds of a sound that are looked at
RATE = 44100


def sounds(folder: Path) -> list[Path]:
    """The sounds of a folder. Raises ConfigError where there is none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise ConfigError(f"There is no sound in {folder} ({', '.join(SUFFIXES)}): name a folder that has some.")
    return found


def read(path: Path) -> np.ndarray:
    """The first LONGEST seconds of a file, (n,) at RATE."""
    parts, total = [], 0
    for block in audio.decode_mono(path, RATE):
        parts.append(block)
        total += len(block)
        if total >= LONGEST * RATE:
            break
    return audio.concatenated(parts)[: LONGEST * RATE]


def divergence(before: Sequence[float], after: Sequence[float]) -> float:
    """Kullback-Leibler divergence, in nats, of the histogram of DNSMOS after from that before.

    One is added to every bin, so that an empty one counts as rare instead of impossible.
    """
    p, q = (np.histogram(np.clip(values, 1, 5), BINS)[0] + 1.0 for values in (after, before))
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum(p * np.log(p / q)))


def measure(clip: np.ndarray, original: np.ndarray, judge: judging.Judge) -> dict[str, float]:
    """The scores of a clip (n,) at RATE beside the original."""
    at_rate, before = (audio.resample(sound, RATE, judge.SAMPLE_RATE) for sound in (clip, original))
    speech, background, overall = judge.rater.rate([at_rate])[0]
    voices = [embedding.vector for embedding in judge.embedder.embed([at_rate, before])]
    likeness = float("nan") if any(voice is None for voice in voices) else float(np.dot(*voices))
    return {"overall": overall, "speech": speech, "background": background, "likeness": likeness}


def table(measured: dict[str, list[dict[str, float]]]) -> list[dict[str, float]]:
    """A row per method: the means of its scores, and the divergence of its overall scores from the original's."""
    before = [scores["overall"] for scores in measured[ORIGINAL]]
    rows = []
    for method, scores in measured.items():
        means = {name: float(np.nanmean([one[name] for one in scores])) for name in SCORES}
        rows.append({"method": method} | means | {"divergence": divergence(before, [s["overall"] for s in scores])})
    return rows


def told(rows: list[dict[str, float]]) -> str:
    """The table as text; * marks the best overall, speech and background."""
    best = {name: max(row[name] for row in rows) for name in ("overall", "speech", "background")}
    names = [*SCORES, "divergence"]
    lines = [f"{'method':<24}" + "".join(f"{name:>12}" for name in names)]
    for row in rows:
        cells = (f"{row[name]:.3f}{'*' if best.get(name) == row[name] else ' '}" for name in names)
        lines.append(f"{row['method']:<24}" + "".join(f"{cell:>12}" for cell in cells))
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser("python -m stages.enhance compare", description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="folder of sounds, looked through with all below it")
    parser.add_argument(
        "--methods",
        nargs="+",
        default=["rnnoise", "spectral"],
        help=f"methods to compare: {', '.join(enhancers.METHODS)}, or ONNX files (default: rnnoise spectral)",
    )
    parser.add_argument("--out", type=Path, default=Path("enhanced"), help="folder for the page and the sounds")
    args = parser.parse_args(arguments)
    steps = {ORIGINAL: []} | {Path(name).stem: [enhancers.load(name)] for name in args.methods}
    if args.out.exists() and any(args.out.iterdir()):
        raise ConfigError(f"--out {args.out} is not empty: name a new folder, so that nothing is overwritten.")
    judge = judging.Judge(resemblyzer.load("onnx", 2, "cpu"), "cpu")
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in steps}
    players = []
    for number, path in enumerate(sounds(args.folder)):
        try:
            original = read(path)
        except Reject as reason:
            print(f"{path}: left out: {reason}")
            continue
        if len(original) < judging.LEVEL_SECONDS * RATE or not original.any():
            print(f"{path}: left out: it is silent, or shorter than {1000 * judging.LEVEL_SECONDS:.0f} ms")
            continue
        names = {}
        for method, chain in steps.items():
            clip = through(chain, original, RATE)
            measured[method].append(measure(clip, original, judge))
            names[method] = f"{number:04d}_{method}.flac"
            with audio.writing(args.out / names[method], RATE, 1) as flac:
                flac.write(clip)
        players.append((path.name, names))
    if not players:
        raise ConfigError(f"No sound in {args.folder} could be compared: see the lines above.")
    rows = table(measured)
    print(told(rows))
    from stages.enhance import page

    overall = {method: [scores["overall"] for scores in found] for method, found in measured.items()}
    page.write(args.out / "index.html", rows, overall, players)
    print(f"The page is {args.out / 'index.html'}")
