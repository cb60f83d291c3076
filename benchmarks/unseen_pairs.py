"""Pairs that nobody tuned on, for training.evaluate: python -m benchmarks.unseen_pairs ../shared/data OUT.

Acted speech in three languages in the noises of the shows and of the meetings at 5, 10 and 15 dB; and the
shows' speech over music, whose clean speech is known.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import soundfile

from pipeline import audio, entry
from training import mixing
from training.sounds import RATE

SNRS_DB = (5.0, 10.0, 15.0)
OF_A_KIND = 8  # pairs of every SNR and of music
LONGEST = 6.0  # seconds
LEAST_NOISE = 1.5  # seconds


def rows(path: Path) -> list[dict]:
    """A table of the development data."""
    with open(path, encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def show(data: Path, name: str) -> np.ndarray:
    """A show as mono, (n,) at RATE."""
    (path,) = (path for path in (data / "radio").glob(f"{name}.*") if path.suffix != ".csv")
    return audio.concatenated(audio.decode_mono(path, RATE))


def noises(data: Path, shows: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The shows' stretches of noise alone, and the meetings' stretches in which nobody is marked as speaking."""
    found = []
    for name, sound in shows.items():
        spans = [
            (float(row["start"]), float(row["end"]))
            for row in rows(data / f"radio/{name}.csv")
            if row["label"] == "noise"
        ]
        found += [sound[round(a * RATE) : round(b * RATE)] for a, b in spans if b - a >= LEAST_NOISE]
    turns = rows(data / "conversation/turns.csv")
    for name in dict.fromkeys(row["file"] for row in turns):
        sound = audio.concatenated(audio.decode_mono(data / "conversation" / name, RATE))
        free = np.ones(len(sound), bool)
        for row in turns:
            if row["file"] == name:
                free[round(float(row["start"]) * RATE) : round(float(row["end"]) * RATE)] = False
        if free.sum() >= LEAST_NOISE * RATE:
            found.append(sound[free])
    return [noise for noise in found if noise.any()]


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.unseen_pairs", description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=Path, help="folder of the development data")
    parser.add_argument("out", type=Path, help="folder to write")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rng, table = np.random.default_rng(0), []

    def write(kind: str, snr: str, noisy: np.ndarray, clean: np.ndarray) -> None:
        name = f"{kind}{len(table):03d}"
        for side, sound in (("noisy", noisy), ("clean", clean)):
            soundfile.write(args.out / f"{name}_{side}.flac", np.clip(sound, -1, 1), RATE, "PCM_16")
        row = {"id": name, "kind": kind, "snr_db": snr}
        table.append(row | {"degraded": f"{name}_noisy.flac", "clean": f"{name}_clean.flac"})

    stems = rows(args.data / "radio/stems.csv")
    shows = {name: show(args.data, name) for name in dict.fromkeys(row["show"] for row in stems)}
    heard = noises(args.data, shows)
    speech = rows(args.data / "emotion/emotion.csv")
    for snr in SNRS_DB:
        for number in rng.choice(len(speech), OF_A_KIND, replace=False):
            clean = audio.concatenated(audio.decode_mono(args.data / "emotion" / speech[number]["path"], RATE))
            clean = clean[: round(LONGEST * RATE)]
            noise = mixing.looped(heard[rng.integers(len(heard))], len(clean), rng)
            noisy, clean = mixing.to_level([clean + mixing.at_snr(clean, noise, snr), clean], clean, -26.0)
            write("acted", f"{snr:g}", noisy, clean)
    for row in [stems[number] for number in rng.choice(len(stems), OF_A_KIND, replace=False)]:
        clean = audio.concatenated(audio.decode_mono(args.data / "radio" / row["file"], RATE))[: round(LONGEST * RATE)]
        start = round(float(row["start"]) * RATE)
        if clean.any():
            write("music", row["snr_db"], shows[row["show"]][start : start + len(clean)], clean)
    with open(args.out / "pairs.csv", "w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    print(f"{len(table)} pairs in {args.out}")


if __name__ == "__main__":
    entry.run(main)
