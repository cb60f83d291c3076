"""Spleeter 2stems: voice and accompaniment. Hennequin et al. 2020, "Spleeter: a fast and efficient music source
separation tool with pre-trained models"."""

from engines.protocols import Separator


def load(engine: str, threads: int, device: str) -> Separator:
    """The separator of an engine, "onnx" or "original"; its model is loaded once."""
    if engine == "original":
        from engines.spleeter.original import Separator
    else:
        from engines.spleeter.onnx import Separator
    return Separator(threads=threads, device=device)
