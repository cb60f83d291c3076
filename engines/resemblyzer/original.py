"""Speaker embeddings by the package itself, resemblyzer 0.1.4, in its own environment (envs/resemblyzer).

The clips go through `preprocess_wav` and `embed_utterance` one by one, as the package's README shows it.
"""

import warnings

import numpy as np

from engines.embeddings import SILENT, Embedding, from_partials
from install import weights

ENGINE = "the packages themselves, to check, slower"
ENVIRONMENT = "resemblyzer"


class Embedder:
    """The package's `VoiceEncoder`, loaded once, on `threads` CPU threads or a GPU.

    `device` is "auto", "cpu" or "cuda". The package has no batches of clips: `batch` is accepted, as by
    the other engine, and has no effect. Raises ModelError where the weights are missing.
    """

    SAMPLE_RATE = 16000

    def __init__(self, threads: int = 2, device: str = "auto", batch: int = 12):
        pretrained = weights.file("resemblyzer/pretrained.pt")
        with warnings.catch_warnings():
            # The package imports scipy.ndimage.morphology, which scipy 1.x still has and warns about.
            warnings.simplefilter("ignore", DeprecationWarning)
            import resemblyzer
        import torch

        torch.set_num_threads(threads)
        self.preprocess = resemblyzer.preprocess_wav
        where = None if device == "auto" else device
        self.encoder = resemblyzer.VoiceEncoder(where, verbose=False, weights_fpath=pretrained)

    def embed(self, clips: list[np.ndarray]) -> list[Embedding]:
        """One embedding for each clip, (n,) mono float32 at 16 kHz, in their order."""
        return [self._embed(clip) for clip in clips]

    def _embed(self, clip: np.ndarray) -> Embedding:
        # The package would raise digital silence by an infinite gain.
        trimmed = self.preprocess(clip) if clip.any() else clip
        if not trimmed.any():
            return SILENT
        _, partials, _ = self.encoder.embed_utterance(trimmed, return_partials=True)
        return from_partials(partials, len(trimmed), self.SAMPLE_RATE)
