"""Spleeter 2stems: voice and accompaniment. Hennequin et al. 2020, "Spleeter: a fast and efficient music source
separation tool with pre-trained models"."""

import engines
from engines.protocols import Separator


def load(engine: str, threads: int, device: str) -> Separator:
    """The separator of an engine; its model is loaded once."""
    return engines.module("spleeter", engine).Separator(threads=threads, device=device)
