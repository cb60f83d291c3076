"""pocketsphinx with the English model of its wheel: nothing to fetch, a second witness for English.

A clip is decoded as a whole, so that the cepstral mean is its own, and the front end is made anew before each: its
estimate of the noise would otherwise go on from clip to clip. Digital silence is not asked about: all words are equally
likely in it, and which of them wins depends on what was decoded before. Words come without punctuation, in lower case,
and out of a dictionary of 134,000: a name that is not in it is always written wrong. The library holds Python's lock
while it decodes, hence processes and not threads.
"""

import math
import multiprocessing
import os
import re
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

import numpy as np

from engines.recognition import Recognition, Word
from engines.recognizers import RATE
from engines.recognizers.settings import SphinxSettings
from pipeline.errors import ModelError

RECOGNIZER = "pocketsphinx with the model of its package, English only, on the CPU"
ENVIRONMENT = "recognizers"
LANGUAGES = ("en",)
FRAMES = 100  # a second
NO_WORD = re.compile(r"[<\[+]")  # how the names of silence and noises begin
VARIANT = re.compile(r"\(\d+\)$")  # "the(2)" is another pronunciation of "the"
LEAST_PROBABILITY = 1e-6  # what a word's probability of 0 counts as in the mean of logarithms


def check(settings: SphinxSettings) -> str | None:
    """None: its model came with it."""
    return None


class Recognizer:
    """Up to `threads` decoders, each in a process of its own."""

    SAMPLE_RATE = RATE

    def __init__(self, settings: SphinxSettings, threads: int = 2):
        self.threads = threads
        self.pool: ProcessPoolExecutor | None = None  # begun with the first clip, its decoders loaded once

    def recognize(self, clips: Iterable[tuple[str, np.ndarray]]) -> Iterator[tuple[str, Recognition]]:
        """What is said in each clip, as soon as one of the decoders has done it."""
        self.pool = self.pool or ProcessPoolExecutor(self.threads, multiprocessing.get_context("spawn"), _open)
        waiting: dict[Future, str] = {}
        try:
            for name, clip in clips:
                waiting[self.pool.submit(_hear, _pcm(clip))] = name
                if len(waiting) > 2 * self.threads:
                    yield from _ready(waiting)
            while waiting:
                yield from _ready(waiting)
        except BrokenProcessPool as error:
            self.pool = None
            raise ModelError(
                "A process of pocketsphinx was ended by the system, as where memory is short: run fewer jobs at once."
            ) from error
        finally:
            for future in waiting:
                future.cancel()


def _ready(waiting: dict[Future, str]) -> Iterator[tuple[str, Recognition]]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        yield waiting.pop(future), future.result()


def _pcm(clip: np.ndarray) -> bytes:
    """A clip (n,) float32 as 16-bit samples."""
    return np.clip(np.round(clip * 32768.0), -32768, 32767).astype("<i2").tobytes()


def _open() -> None:
    """Load the decoder of this process, which ends with the one that it works for."""
    global decoder
    from pocketsphinx import Decoder

    threading.Thread(target=_end_with_parent, daemon=True).start()
    decoder = Decoder(loglevel="FATAL", samprate=RATE)


def _end_with_parent() -> None:
    """Without this, a process whose parent was killed would wait for its next clip for ever."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _hear(samples: bytes) -> Recognition:
    """What the decoder of this process hears in 16-bit samples."""
    if not any(samples):
        return Recognition("", language="en")
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    heard = list(decoder.seg() or ()) if decoder.hyp() else []
    words = tuple(
        Word(
            VARIANT.sub("", part.word),
            part.start_frame / FRAMES,
            (part.end_frame + 1) / FRAMES,
            min(1.0, float(part.prob)),
        )
        for part in heard
        if not NO_WORD.match(part.word)
    )
    logarithms = [math.log(max(word.probability, LEAST_PROBABILITY)) for word in words]
    return Recognition(
        " ".join(word.text for word in words),
        words,
        "en",
        sum(logarithms) / len(logarithms) if logarithms else None,
    )
