"""The recognisers that are on: each is loaded when its first clip comes, and hears no clip twice."""

from collections.abc import Callable, Iterator

import numpy as np

from engines import recognizers
from engines.recognition import Recognition
from engines.recognizers.settings import MACHINE
from pipeline import audio, heard, run
from pipeline.program import Job
from stages.transcribe.memory import Memory
from stages.transcribe.settings import CAPTIONS, of_engine


class Ears:
    """The recognisers of one job, by name, in the order of trust."""

    def __init__(self, job: Job):
        self.job = job
        self.names = [name for name in job.settings.engines if name != CAPTIONS]
        self.settings = {name: of_engine(job.settings, name) for name in self.names}
        self.loaded: dict = {}

    def memory(self, recording: str) -> Memory:
        """What was heard in a recording's clips."""
        return Memory(self.job.out / f"{recording}.heard.jsonl")

    def key(self, name: str, clip: dict) -> str:
        """What a recogniser's answer to a clip is kept under."""
        return heard.key(clip, name, self.settings[name].model_dump(mode="json", exclude=MACHINE))

    def hear(self, name: str, clips: list[dict], memory: Memory) -> dict[str, Recognition]:
        """Clip -> what a recogniser hears in it; a clip whose file cannot be read is left out."""
        keys = {clip["id"]: self.key(name, clip) for clip in clips}
        unheard = [clip for clip in clips if keys[clip["id"]] not in memory.heard]
        if unheard:
            if name not in self.loaded:
                recognizer = recognizers.module(name).Recognizer
                self.loaded[name] = recognizer(self.settings[name], self.job.settings.threads)
            for clip, recognition in self.loaded[name].recognize(self._sounds(unheard)):
                memory.add(keys[clip], recognition)
        return {clip: memory.heard[key] for clip, key in keys.items() if key in memory.heard}

    def _sounds(self, clips: list[dict]) -> Iterator[tuple[str, np.ndarray]]:
        """Each clip's id and samples, read when they are wanted. A torn clip is `score`'s to reject."""

        def sound(clip: dict) -> np.ndarray:
            samples = audio.read(self.job.work / clip["path"])[:, 0]
            return audio.resample(samples, clip["sample_rate"], recognizers.RATE)

        for clip in clips:
            for _, samples in run.per_clip(self.job, [clip], sound, 1)[0]:
                yield clip["id"], samples

    def announcements(self, rows: list[dict]) -> Iterator[str]:
        """What is about to be sent where, a sentence for each service."""
        services = {name: announce for name in self.names if (announce := _announce(name))}
        if not services:
            return
        memories = {recording: self.memory(recording).heard for recording in {row["recording_id"] for row in rows}}
        for name, announce in services.items():
            unheard = [row for row in rows if self.key(name, row) not in memories[row["recording_id"]]]
            if unheard:
                yield announce(self.settings[name], len(unheard), sum(row["duration"] for row in unheard))


def _announce(name: str) -> Callable[..., str] | None:
    """What a recogniser that sends clips away says beforehand; None of one that hears on this machine."""
    return getattr(recognizers.module(name), "announce", None)
