"""Make six more shows with a known timeline, of people, noises and orders that radio/ does not have.

    python -m benchmarks.shows ../shared/data FOLDER [--seed 7]
    python -m benchmarks.purity FOLDER --data ../shared/data

The speakers are those of emotion/ (acted emotions: the hardest voices to hold together) and the readers of noisy_clean/
that are not in radio/; the noises are what noisy_clean/ added to speech; the music is that of radio/. A show is a row
of blocks: one person, two in turn, over music (0 to 15 dB), in noise (5 to 20 dB), by telephone; each at its own level.
Timelines follow the level of the clean speech; pauses of more than 0.4 s are rows of their own.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import soundfile
from scipy import signal

from benchmarks.materials import RATE, Materials, utterance
from pipeline import ffmpeg

FORMATS = {"mp3": ("-b:a", "128k"), "ogg": ("-c:a", "libvorbis", "-q:a", "4"), "m4a": ("-b:a", "128k"), "flac": ()}
SUFFIXES = ("mp3", "mp3", "mp3", "ogg", "m4a", "flac")
BLOCKS = {"alone": 0.34, "in turn": 0.2, "music": 0.22, "noise": 0.14, "phone": 0.1}
Row = tuple[float, float, str, str, str, str]  # start, end, label, speaker, gender, source


class Show:
    """A show being made: its sound and rows so far."""

    def __init__(self, materials: Materials):
        self.materials, self.dice = materials, materials.dice
        self.sound: list[np.ndarray] = []
        self.rows: list[Row] = []
        self.length = 0

    def put(self, sound: np.ndarray, parts: list[Row]) -> None:
        at = self.length / RATE
        self.rows += [(round(at + start, 3), round(at + end, 3), *rest) for start, end, *rest in parts]
        self.sound.append(sound)
        self.length += len(sound)

    def between(self, kind: str, seconds: float) -> None:
        """Music, noise or silence alone."""
        length = round(seconds * RATE)
        sound = np.zeros(length)
        if kind != "silence":
            edge = signal.windows.tukey(length, min(1.0, 0.1 / seconds))
            sound = self.materials.background(kind, length) * edge * 10 ** (self.dice.uniform(-32, -18) / 20)
        self.put(sound, [(0, length / RATE, kind, "", "", "")])

    def block(self, kind: str, queue: dict[str, list[Path]]) -> None:
        """Add a block of utterances, taken off the queue."""
        dice = self.dice
        who = dice.choice(sorted(queue), min(len(queue), 2 if kind == "in turn" else 1), replace=False)
        label = kind if kind in ("music", "noise") else "silence"
        pieces, parts, at = [], [], 0.0

        def pause(seconds: float) -> None:
            nonlocal at
            pieces.append(np.zeros(round(seconds * RATE)))
            parts.append((at, at + len(pieces[-1]) / RATE, label, "", "", ""))
            at += len(pieces[-1]) / RATE

        pause(dice.uniform(1, 2.5) if kind == "music" else 0.1)
        for number in range(dice.integers(2, 5) if kind == "music" else dice.integers(4, 7)):
            speaker = str(who[number % len(who)])
            if not queue.get(speaker):
                continue
            path = queue[speaker].pop()
            sound, spoken = utterance(path)
            last = 0.0
            for start, end in spoken:
                if start > last:
                    parts.append((at + last, at + start, label, "", "", ""))
                parts.append((at + start, at + end, "speech", speaker, self.materials.gender[speaker], path.stem))
                last = end
            pieces.append(sound)
            at += len(sound) / RATE
            pause(dice.uniform(0.25, 1.1))
        for speaker in who:
            if not queue[speaker]:
                del queue[speaker]
        sound = np.concatenate(pieces)
        if kind == "phone":
            sound = signal.sosfilt(signal.butter(4, (300, 3400), "band", fs=RATE, output="sos"), sound)
        if label != "silence":
            ratio = dice.choice((0, 5, 10, 15) if kind == "music" else (5, 10, 15, 20))
            sound = sound + self.materials.background(kind, len(sound)) * 10 ** (-ratio / 20)
        self.put(sound * 10 ** (dice.uniform(-36, -17) / 20), parts)

    def write(self, folder: Path, name: str, suffix: str) -> str:
        """Encode the sound and write the rows; return the file's name."""
        sound = np.concatenate(self.sound) + self.dice.standard_normal(self.length) * 10 ** (-75 / 20)
        wav, encoded = folder / "show.wav", folder / f"{name}.{suffix}"
        soundfile.write(wav, np.repeat(np.clip(sound, -1, 1)[:, None], 2, axis=1), RATE)
        ffmpeg.run(["-y", *ffmpeg.INPUT, "-i", ffmpeg.address(wav), *FORMATS[suffix], ffmpeg.address(encoded)])
        wav.unlink()
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("start", "end", "label", "speaker", "gender", "source"))
            table.writerows(self.rows)
        return encoded.name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=Path, help="folder with radio/, emotion/ and noisy_clean/")
    parser.add_argument("out", type=Path, help="folder for the shows and their timelines")
    parser.add_argument("--seed", type=int, default=7, help="another one makes other shows of the same people")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    dice = np.random.default_rng(args.seed)
    materials = Materials(args.data, dice)
    with open(args.out / "shows.csv", "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("show", "file", "seconds"))
        for number, (queue, suffix) in enumerate(zip(materials.plan(len(SUFFIXES)), SUFFIXES, strict=True), 1):
            show = Show(materials)
            show.between("music", dice.uniform(8, 13))
            while queue:
                show.block(str(dice.choice(list(BLOCKS), p=list(BLOCKS.values()))), queue)
                kind = str(dice.choice(("silence", "music", "noise"), p=(0.65, 0.2, 0.15)))
                show.between(kind, dice.uniform(0.3, 3) if kind == "silence" else dice.uniform(4, 12))
            name = f"alt{number:02d}"
            table.writerow((name, show.write(args.out, name, suffix), round(show.length / RATE, 2)))


if __name__ == "__main__":
    main()
