"""How much music the separation has left in a clip, as inaSpeechSegmenter's network judges it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engines.scores import Heard, Score, Scorer

ORDER = 3
SCORES = {"music_residue": Score("share", 0, 1, "low", "how much the segmenter hears music")}
PATCH_STEP = 8  # ina's patches of 0.68 s, one every 160 ms


def load(threads: int, device: str) -> Scorer:
    """The network that tells speech, music and noise."""
    from engines.ina import features, onnx

    network = onnx.NETWORKS["smn"]
    music = network.labels.index("music")
    listener = onnx.Listener(network, exact=True, batch=64, threads=1, device=device)

    def residue(clip: np.ndarray) -> float | None:
        """Mean posterior of music over the patches of a clip (n,) at 16 kHz; None below one analysis window."""
        mel, _ = features.features([clip])
        if not len(mel):
            return None
        mel = np.pad(mel, ((0, max(0, onnx.PATCH - len(mel))), (0, 0)), "edge")
        last = (len(mel) - onnx.PATCH) // onnx.STEP
        patches = np.arange(0, last + 1, PATCH_STEP) + onnx.PATCH // (2 * onnx.STEP)
        return float(listener.posteriors(mel, patches)[:, music].mean())

    def score(clips: list[Heard]) -> list[dict[str, float | None]]:
        with ThreadPoolExecutor(threads) as pool:
            return [{"music_residue": share} for share in pool.map(residue, [clip.at_rate for clip in clips])]

    return score
