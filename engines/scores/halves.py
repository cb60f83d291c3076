"""Is it the same voice in both halves of a clip?"""

from engines import resemblyzer
from engines.scores import Heard, Score, Scorer

ORDER = 4
SCORES = {"half_similarity": Score("cosine", 0, 1, "high", "likeness of the voices of both halves")}


def load(threads: int, device: str) -> Scorer:
    """The voice encoder."""
    embedder = resemblyzer.load("onnx", threads, device)

    def score(clips: list[Heard]) -> list[dict[str, float | None]]:
        sounds = [clip.at_rate for clip in clips]
        halves = [half for signal in sounds for half in (signal[: len(signal) // 2], signal[len(signal) // 2 :])]
        vectors = [voice.vector for voice in embedder.embed(halves)]
        pairs = zip(vectors[::2], vectors[1::2], strict=True)
        return [{"half_similarity": None if a is None or b is None else float(a @ b)} for a, b in pairs]

    return score
