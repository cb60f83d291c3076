"""A recording heard in both signals, mixture and vocals, and the passages that follow."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engines.protocols import Segmenter
from engines.silero.onnx import Vad
from pipeline import audio
from stages.segment import labels

PATCH_SECONDS = 0.02
EVERY = 8  # patches from one that is looked at to the next: 160 ms, four to a patch's width


class Signal:
    """One signal heard once: probability of speech and level of every frame, and what the networks need of it."""

    def __init__(self, path: Path, downmix: audio.Downmix, gain: float, segmenter: Segmenter, vad: Vad, every: int):
        self.segmenter, self.every = segmenter, every
        level_parts, stream = [], vad.stream()
        rest = np.zeros(0, np.float32)

        def passing() -> Iterator[np.ndarray]:
            nonlocal rest
            for block in audio.decode_mono(path, segmenter.SAMPLE_RATE, downmix, pcm16=True):
                block = block / np.float32(gain) if gain != 1 else block
                stream.push(block)
                level, rest = labels.levels(np.concatenate([rest, block]), segmenter.SAMPLE_RATE)
                level_parts.append(level)
                yield block

        self.heard = segmenter.hear(passing())
        self.level = np.concatenate(level_parts)
        self.probability = labels.at_frames(stream.probability(), stream.SECONDS, len(self.level))

    def posteriors(self, network: str, wanted: np.ndarray) -> dict[str, np.ndarray]:
        """The network's posteriors at every frame (n,), looked at where frames are `wanted`, 0 elsewhere."""
        step = round(self.every * PATCH_SECONDS * labels.FRAMES_PER_SECOND)
        chosen = np.flatnonzero(np.logical_or.reduceat(wanted, np.arange(0, len(wanted), step)))
        looked_at = self.segmenter.posteriors(self.heard, network, chosen * self.every + self.every // 2)
        spread = {}
        for label, values in looked_at.items():
            everywhere = np.zeros(-(-len(wanted) // step), np.float32)
            everywhere[chosen] = values
            spread[label] = np.repeat(everywhere, step)[: len(wanted)]
        return spread


def passages(
    row: dict, work: Path, segmenter: Segmenter, vad: Vad, gender: bool, exact: bool, threads: int
) -> list[labels.Passage]:
    """The passages of a recording, from its mixture and its vocals, which are listened to at the same time.

    exact: look at every patch of 20 ms.
    """
    sounds = ((work / row["mixture"], 1.0), (work / row["path"], row["gain"]))
    every = 1 if exact else EVERY
    with ThreadPoolExecutor(min(threads, len(sounds))) as pool:
        mixture, vocals = pool.map(
            lambda sound: Signal(sound[0], row["downmix"], sound[1], segmenter, vad, every), sounds
        )
    frames = min(len(mixture.level), len(vocals.level))
    mixture_db, vocals_db = mixture.level[:frames], vocals.level[:frames]
    probability = (mixture.probability[:frames] + vocals.probability[:frames]) / 2
    speaking, quiet = labels.speech(probability, vocals_db), labels.silent(mixture_db)
    activity = mixture.posteriors("activity", ~speaking)
    music = labels.log_odds(activity["music"], activity.get("noise", np.zeros(frames)))
    male = vocals.posteriors("gender", speaking)["male"] if gender else None
    label = labels.backgrounds(speaking, quiet, music)
    return labels.passages(label, probability, music, male, vocals_db, mixture_db)
