"""How a listener would rate a clip: DNSMOS P.835."""

from engines.scores import Heard, Score, Scorer

ORDER = 1
SCORES = {
    "dnsmos_sig": Score("MOS", 1, 5, "high", "how a listener would rate the speech"),
    "dnsmos_bak": Score("MOS", 1, 5, "high", "how a listener would rate the background"),
    "dnsmos_ovrl": Score("MOS", 1, 5, "high", "how a listener would rate the whole"),
}


def load(threads: int, device: str) -> Scorer:
    """The published network on ONNX Runtime."""
    from engines.dnsmos.onnx import Rater

    rater = Rater(threads, device)

    def score(clips: list[Heard]) -> list[dict[str, float | None]]:
        return [dict(zip(SCORES, ratings, strict=True)) for ratings in rater.rate([clip.at_rate for clip in clips])]

    return score
