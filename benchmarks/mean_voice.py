"""The mean of many people's embeddings, stages/speaker/mean_voice.csv: what is common to all voices.

    python -m benchmarks.mean_voice ../shared/data

Of the readers of LibriSpeech train-clean-100 (Panayotov et al. 2015, CC BY 4.0) in noisy_clean/ that are not in radio/:
32 people with an utterance of 4 to 10 s each. Men and women weigh the same.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.people import rows, sound
from engines import resemblyzer
from pipeline import manifest
from stages.speaker import clusters


def mean(data: Path) -> np.ndarray:
    """The mean (256,) of one vector per reader."""
    known = {row["speaker"] for row in rows(data / "radio/speakers.csv")}
    pairs = [row for row in rows(data / "noisy_clean/pairs.csv") if "train-clean-100" in row["source"]]
    files = {row["speaker"]: row for row in pairs if row["speaker"] not in known}
    sounds = [sound(data / "noisy_clean" / row["clean"]) for row in files.values()]
    vectors = np.stack([voice.vector for voice in resemblyzer.load("onnx", 2, "cpu").embed(sounds)])
    gender = np.array([row["gender"] for row in files.values()])
    return np.mean([vectors[gender == name].mean(axis=0) for name in "FM"], axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=Path, help="folder with noisy_clean/ and radio/")
    vector = mean(parser.parse_args().data)
    manifest.write_text(clusters.MEAN_VOICE, "\n".join(f"{value:.4f}" for value in vector) + "\n")


if __name__ == "__main__":
    main()
