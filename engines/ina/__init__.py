"""inaSpeechSegmenter: speech, music, noise, and the speaker's gender. Doukhan et al. 2018, "An open-source speaker
gender detection framework for monitoring gender equality"."""

from engines.protocols import Segmenter


def load(engine: str, vad: str, gender: bool, exact: bool, threads: int, device: str) -> Segmenter:
    """The segmenter of an engine, "onnx" or "original"; its models are loaded once."""
    if engine == "original":
        from engines.ina.original import Segmenter
    else:
        from engines.ina.onnx import Segmenter
    return Segmenter(engine=vad, gender=gender, exact=exact, threads=threads, device=device)
