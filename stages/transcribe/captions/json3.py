"""json3, YouTube's own: events with segments, those of automatic captions word by word."""

import json

from stages.transcribe.captions.cue import Cue


def read(text: str) -> list[Cue]:
    """The cues of a file. Raises ValueError where it is no json3."""
    try:
        events = json.loads(text)["events"]
        return [cue for event in events if (cue := _cue(event))]
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"expected events with segments: {type(error).__name__} {error}") from error


def _cue(event: dict) -> Cue | None:
    """The cue of an event; None of one that only lays out the page or begins a new line."""
    segments = [(part.get("utf8", ""), part.get("tOffsetMs")) for part in event.get("segs", ())]
    text = "".join(part for part, _ in segments)
    if not text.strip():
        return None
    start = event["tStartMs"] / 1000
    words: list[tuple[str, float]] = []
    if any(offset is not None for _, offset in segments):
        words = [(word, start + (offset or 0) / 1000) for part, offset in segments for word in part.split()]
    return Cue(start, start + event.get("dDurationMs", 0) / 1000, text, tuple(words))
