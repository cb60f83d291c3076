"""What the shows of benchmarks.shows are made of: people's utterances, music and noises, out of the development data.

Pairs of the Korean speakers (ema and nea, emb and neb, emf and nek, emg and nel) are taken for one person each: the
corpus's README calls the first two pairs A and B in both parts, and the embeddings of all four pairs agree as the
halves of one speaker do (cosine 0.95 to 0.97; other pairs 0.89 or less).
"""

from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.people import rows
from pipeline import audio

RATE = 44100
HOP = RATE // 100
PAIRS = {b: f"{a}+{b}" for a, b in (("koema", "konea"), ("koemb", "koneb"), ("koemf", "konek"), ("koemg", "konel"))}
PAIRS |= {both.split("+")[0]: both for both in PAIRS.values()}


def load(path: Path) -> np.ndarray:
    """A file as mono at 44.1 kHz."""
    return audio.concatenated(audio.decode_mono(path, RATE)).astype(float)


def utterance(path: Path) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Speech without its silent ends, scaled to power 1, and the spans of it that are spoken, in seconds."""
    sound = load(path)
    frames = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    spoken = np.flatnonzero(level > max(np.percentile(level, 95) - 38, -70))
    parts = [(run[0], run[-1] + 1) for run in np.split(spoken, np.flatnonzero(np.diff(spoken) > 41) + 1)]
    parts = [(start, stop) for start, stop in parts if stop - start >= 8]
    first, last = parts[0][0], parts[-1][1]
    power = np.mean(np.concatenate([sound[start * HOP : stop * HOP] for start, stop in parts]) ** 2)
    return sound[first * HOP : last * HOP] / np.sqrt(power), [((a - first) / 100, (b - first) / 100) for a, b in parts]


class Materials:
    """What the shows are made of: utterances by speaker, in random order, music and noises."""

    def __init__(self, data: Path, dice: np.random.Generator):
        self.dice = dice
        self.gender: dict[str, str] = {}
        self.speech: dict[str, list[Path]] = defaultdict(list)
        for row in rows(data / "emotion/emotion.csv"):
            self.add(PAIRS.get(row["speaker"], row["speaker"]), row["gender"], data / "emotion" / row["path"])
        radio = {row["speaker"] for row in rows(data / "radio/speakers.csv")}
        self.noise = []
        for row in rows(data / "noisy_clean/pairs.csv"):
            clean = data / "noisy_clean" / row["clean"]
            if row["kind"] == "noise":
                speech, both = load(clean), load(data / "noisy_clean" / row["degraded"])
                speech, both = (take[: min(len(speech), len(both))] for take in (speech, both))
                self.noise.append(both - speech * (both @ speech) / (speech @ speech))
            if row["source"].startswith("librispeech") and row["speaker"] not in radio:
                self.add(row["speaker"], row["gender"], clean)
        self.music = []
        for show in rows(data / "radio/shows.csv"):
            sound = load(data / "radio" / show["file"])
            for row in rows(data / "radio" / f"{show['show']}.csv"):
                start, end = float(row["start"]), float(row["end"])
                if row["label"] == "music" and end - start > 6:
                    self.music.append(sound[round((start + 0.1) * RATE) : round((end - 0.1) * RATE)])
        for files in self.speech.values():
            dice.shuffle(files)

    def add(self, speaker: str, gender: str, path: Path) -> None:
        self.speech[speaker].append(path)
        self.gender[speaker] = gender

    def background(self, kind: str, length: int) -> np.ndarray:
        """`length` samples of music or noise, at power 1."""
        pool = self.music if kind == "music" else self.noise
        sound = pool[self.dice.integers(len(pool))]
        whole = np.tile(sound, length // len(sound) + 2)
        start = self.dice.integers(0, len(whole) - length)
        return whole[start : start + length] / np.sqrt(np.mean(whole[start : start + length] ** 2) + 1e-12)

    def plan(self, shows: int) -> list[dict[str, list[Path]]]:
        """Who says what in which show: people with ten or more Korean utterances are in two."""
        shows_plan: list[dict[str, list[Path]]] = [{} for _ in range(shows)]
        for number, (speaker, files) in enumerate(sorted(self.speech.items())):
            half = len(files) // 2 if speaker.startswith("ko") else len(files)
            shows_plan[number % shows][speaker] = files[:half]
            if files[half:]:
                shows_plan[(number + shows // 2) % shows][speaker] = files[half:]
        return shows_plan
