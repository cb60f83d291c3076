"""The passages of a recording, from its mixture and its vocals together."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engines.protocols import Segmenter
from engines.silero.onnx import Vad
from pipeline import audio
from pipeline.downmix import Downmix
from pipeline.program import Job
from stages.segment import labels

FRAMES = 2  # from patch to patch, 20 ms
EVERY = 8  # every so many patches one is evaluated: 160 ms, four to a patch's width
SPARSE = 24  # the same for gender, constant over a stretch of speech: 480 ms, less than a patch's width
SURE = 0.35  # where the mean probability of a male voice is nearer to 0.5, the stretch is evaluated more densely


class Signal:
    """One signal, read once: probability of speech and level of every frame, and the features for the networks.

    out: the folder in which these may lie in a file.
    """

    def __init__(self, path: Path, downmix: Downmix, gain: float, segmenter: Segmenter, vad: Vad, out: Path):
        self.segmenter = segmenter
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

        self.features = segmenter.hear(passing(), out)
        self.level = np.concatenate(level_parts)
        self.probability = labels.at_frames(stream.probability(), stream.SECONDS, len(self.level))

    def posteriors(self, network: str, wanted: np.ndarray, every: int) -> dict[str, np.ndarray]:
        """The network's posteriors at every frame (n,) of those `wanted`, 0 elsewhere.

        Every stretch of wanted frames is divided into equal parts of at most `every` patches (of one patch where the
        segmenter is exact), and each part takes the posteriors at its middle.
        """
        longest = FRAMES * (1 if self.segmenter.exact else every)
        edges = [np.linspace(start, stop, 1 - (start - stop) // longest) for start, stop in labels.stretches(wanted)]
        patches = [np.round((parts[1:] + parts[:-1]) / (2 * FRAMES)).astype(int) for parts in edges]
        looked_at = self.segmenter.posteriors(self.features, network, np.concatenate([np.zeros(0, int), *patches]))
        frames = [np.diff(np.round(parts).astype(int)) for parts in edges]
        lengths = np.concatenate([np.zeros(0, int), *frames])
        spread = {}
        for label, values in looked_at.items():
            spread[label] = np.zeros(len(wanted), np.float32)
            spread[label][wanted] = np.repeat(values, lengths)
        return spread


def male_voice(vocals: Signal, speaking: np.ndarray) -> np.ndarray:
    """The probability of a male voice at every frame (n,) of those `speaking`, 0 elsewhere."""
    male = vocals.posteriors("gender", speaking, SPARSE)["male"]
    unsure = np.zeros(len(speaking), bool)
    for start, stop in labels.stretches(speaking):
        unsure[start:stop] = abs(male[start:stop].mean() - 0.5) < SURE
    return np.where(unsure, vocals.posteriors("gender", unsure, EVERY)["male"], male)


def passages(row: dict, job: Job, segmenter: Segmenter, vad: Vad) -> list[labels.Passage]:
    """The passages of a recording, from its mixture and its vocals, read in parallel."""
    sounds = ((job.work / row["mixture"], 1.0), (job.work / row["path"], row["gain"]))

    def hear(sound: tuple[Path, float]) -> Signal:
        return Signal(sound[0], row["downmix"], sound[1], segmenter, vad, job.out)

    with ThreadPoolExecutor(min(job.settings.threads, len(sounds))) as pool:
        mixture, vocals = pool.map(hear, sounds)
    frames = min(len(mixture.level), len(vocals.level))
    mixture_db, vocals_db = mixture.level[:frames], vocals.level[:frames]
    probability = (mixture.probability[:frames] + vocals.probability[:frames]) / 2
    speaking, quiet = labels.speech(probability, vocals_db), labels.silent(mixture_db)
    activity = mixture.posteriors("activity", ~speaking, EVERY)
    music = labels.log_odds(activity["music"], activity.get("noise", np.zeros(frames, np.float32)))
    male = male_voice(vocals, speaking) if job.settings.gender else None
    mixture.features = vocals.features = None
    label = labels.backgrounds(speaking, quiet, music)
    return labels.passages(label, probability, music, male, vocals_db, mixture_db)
