"""Which clips to drop because their sound returns in the corpus: pure functions on matches.

A match is {"first", "second": ids, "first_share", "second_share": how much of each clip their common sound covers}.
"""

from collections.abc import Iterable

COVERED = 0.4  # least share of a clip, from the first common moment to the last, that makes it a repeat


def covers(match: dict) -> list[tuple[str, str, bool]]:
    """(clip, the clip that it repeats, whether that one repeats it too), for each clip of a match that is covered."""
    sides = [("first", "second"), ("second", "first")]
    covered = [side for side in sides if match[f"{side[0]}_share"] >= COVERED]
    return [(match[clip], match[twin], len(covered) == 2) for clip, twin in covered]


def groups(matches: list[dict]) -> dict[str, str]:
    """Clip -> the first clip of its group; clips that repeat each other, directly or through others, form a group."""
    leader: dict[str, str] = {}

    def root(clip: str) -> str:
        while clip != (above := leader.setdefault(clip, clip)):
            clip = above
        return clip

    for match in matches:
        for clip, twin, mutual in covers(match):
            if mutual:
                low, high = sorted((root(clip), root(twin)))
                leader[high] = low
    return {clip: root(clip) for clip in leader}


def dropped(good: Iterable[str], matches: list[dict], keep: str) -> dict[str, str]:
    """Clip to drop -> the clip that it repeats, of the clips `good` (ids in order) that are otherwise kept.

    `keep` "none" drops all clips whose sound returns; "one" keeps the first good one of those that repeat each other,
    and drops a clip that returns in a longer good one; "all" drops nothing.
    """
    if keep == "all":
        return {}
    named = {match[side] for match in matches for side in ("first", "second")}
    good = [clip for clip in good if clip in named]
    order = {clip: number for number, clip in enumerate(good)}
    group = groups(matches)
    first: dict[str, str] = {}
    for clip in good:
        first.setdefault(group.get(clip, clip), clip)
    repeats: dict[str, str] = {}
    for match in matches:
        for clip, twin, mutual in covers(match):
            if clip in order and (keep == "none" or (not mutual and twin in order)):
                repeats.setdefault(clip, twin)
    if keep == "one":
        repeats |= {clip: kept for clip in good if (kept := first[group.get(clip, clip)]) != clip}
    return repeats
