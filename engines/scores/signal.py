"""What is measured on the signal itself: noise, clipping, bandwidth, pitch, silence at the ends."""

from concurrent.futures import ThreadPoolExecutor

from engines.scores import RATE, Heard, Score, Scorer, measures

ORDER = 2
SCORES = {
    "snr_db": Score("dB", -10, 60, "high", "voice to background, by voiced frames and pauses"),
    "clipping": Score("share", 0, 0.02, "low", "samples on flat tops", 6),
    "bandwidth_hz": Score("Hz", 0, 24000, "high", "highest frequency that holds sound", 0),
    "voiced_share": Score("share", 0, 1, "neither", "frames with a pitch"),
    "leading_silence_s": Score("s", 0, 1, "low", "silence before the speech"),
    "trailing_silence_s": Score("s", 0, 1, "low", "silence after the speech"),
    "f0_median_hz": Score("Hz", 60, 500, "neither", "pitch of the voice", 1),
    "f0_range_semitones": Score("semitones", 0, 40, "neither", "liveliness of the pitch, 5th to 95th percentile"),
}


def measure(clip: Heard) -> dict[str, float | None]:
    """The scores of one clip."""
    period = measures.periodicity(clip.at_rate, RATE)
    leading, trailing = measures.edge_silences(clip.at_rate, RATE)
    median, semitones = measures.f0_statistics(period)
    return {
        "snr_db": measures.snr_db(period),
        "clipping": measures.clipping(clip.at_rate),
        "bandwidth_hz": measures.bandwidth_hz(clip.clip, clip.sample_rate),
        "voiced_share": measures.voiced_share(period),
        "leading_silence_s": leading,
        "trailing_silence_s": trailing,
        "f0_median_hz": median,
        "f0_range_semitones": semitones,
    }


def load(threads: int, device: str) -> Scorer:
    """No model: `threads` clips at a time."""

    def score(clips: list[Heard]) -> list[dict[str, float | None]]:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(measure, clips))

    return score
