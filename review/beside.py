"""Speech that was cut off beside a clip: too short for a clip of its own, perhaps the same person's. Pure functions."""

from collections.abc import Sequence

REACH = 1.0  # seconds between a clip and speech that its ends could be moved over

Span = tuple[float, float]


def wider(clips: Sequence[Span], speech: Sequence[Span]) -> list[Span]:
    """The ends that every clip of a recording would have with the speech that was cut off beside it.

    clips and speech: (start, end) in seconds, each in order and disjoint. Speech goes to the clip that it is nearer to,
    where it is within REACH of it, or of speech that has gone there; ends never cross another clip.
    """
    ends = [list(clip) for clip in clips]
    after = 0
    for start, end in speech:
        while after < len(clips) and clips[after][0] < end:
            after += 1
        before = after - 1
        ahead = clips[after][0] - end if after < len(clips) else float("inf")
        behind = start - ends[before][1] if before >= 0 else float("inf")
        if behind <= min(ahead, REACH):
            ends[before][1] = max(ends[before][1], end)
        elif ahead <= REACH:
            ends[after][0] = min(ends[after][0], start)
    return [(start, end) for start, end in ends]


def gained(clips: Sequence[Span], wide: Sequence[Span], speech: Sequence[Span]) -> list[float]:
    """The seconds of speech that each clip would gain by its wider ends."""
    added = []
    for (start, end), (first, last) in zip(clips, wide, strict=True):
        parts = ((first, start), (end, last))
        added.append(sum(max(min(b, d) - max(a, c), 0.0) for a, b in parts for c, d in speech if c < b and d > a))
    return added
