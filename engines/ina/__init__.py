"""inaSpeechSegmenter: speech, music, noise, and the speaker's gender. Doukhan et al. 2018, "An open-source speaker
gender detection framework for monitoring gender equality"."""

import engines
from engines.protocols import Segmenter


def load(engine: str, vad: str, gender: bool, exact: bool, threads: int, device: str) -> Segmenter:
    """The segmenter of an engine; its models are loaded once."""
    return engines.module("ina", engine).Segmenter(
        engine=vad, gender=gender, exact=exact, threads=threads, device=device
    )
