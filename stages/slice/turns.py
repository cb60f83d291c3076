"""Turns: which neighbouring stretches of speech share a voice, and where the voice changes within one.

Pure functions on embeddings. Which cosines mean one voice is Resemblyzer's to say (engines/resemblyzer).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from engines.embeddings import SILENT
from engines.resemblyzer import OTHER, SAME, SAME_SHORT

PAUSE = 32  # frames: across a shorter pause the voice is presumed the same; across a longer one it has to be shown
SHORT = 80  # frames: with less speech the vector is unreliable
LEAST = 30  # frames: less speech is not embedded
JUDGED = 160  # frames of Resemblyzer's window
WINDOWS_APART = 2  # windows of 1.6 s, one every 0.77 s: the first that does not share speech with another


@dataclass(frozen=True)
class Utterance:
    """Frames start to stop of one label, with the unit vector (d,) of its voice, zeros where it has none."""

    start: int
    stop: int
    label: str
    voice: np.ndarray | None = None

    @property
    def frames(self) -> int:
        return self.stop - self.start


def alike(left: Utterance, right: Utterance) -> bool:
    """Whether `right`, which follows, is taken to be the voice of `left`."""
    cosine = float(left.voice @ right.voice)
    short = min(left.frames, right.frames) < SHORT
    if right.start - left.stop < PAUSE:
        return short or cosine >= OTHER
    return cosine >= (SAME_SHORT if short else SAME)


def both(left: Utterance, right: Utterance) -> Utterance:
    """One utterance out of two neighbours, labelled as the longer."""
    total = left.voice * left.frames + right.voice * right.frames
    label = max(left, right, key=lambda part: part.frames).label
    return Utterance(left.start, right.stop, label, total / max(float(np.linalg.norm(total)), 1e-9))


def join(parts: list[Utterance], shortest: int, longest: int, pause: int, reach: int) -> list[Utterance]:
    """Join neighbours of one voice over pauses of up to `pause` frames, and of up to `reach` where one is too short.

    Short ones first, then over the shortest pause; nothing becomes longer than `longest` frames.
    """
    joined: list[Utterance] = []
    chain: list[Utterance] = []
    for part in parts:
        if chain and part.start - chain[-1].stop > max(pause, reach):
            joined += _join_chain(chain, shortest, longest, pause, reach)
            chain = []
        chain.append(part)
    return joined + _join_chain(chain, shortest, longest, pause, reach)


def _join_chain(chain: list[Utterance], shortest: int, longest: int, pause: int, reach: int) -> list[Utterance]:
    while True:
        choices = []
        for i, (left, right) in enumerate(zip(chain, chain[1:], strict=False)):
            gap, short = right.start - left.stop, min(left.frames, right.frames) < shortest
            fits = gap <= (reach if short else pause) and right.stop - left.start <= longest
            if fits and alike(left, right):
                choices.append((not short, gap, i))
        if not choices:
            return chain
        _, _, i = min(choices)
        chain[i : i + 2] = [both(chain[i], chain[i + 1])]


def change(partials: np.ndarray) -> float | None:
    """Where the voice changes in an utterance, as a share of it, or None, from its windows' unit vectors (k, d).

    The windows before and after are compared at every place that leaves one window on either side; those that lie
    across it are left out.
    """
    places = range(1, len(partials) - WINDOWS_APART + 1)
    if not places:
        return None
    cosines = []
    for place in places:
        before, after = partials[:place].mean(axis=0), partials[place + WINDOWS_APART - 1 :].mean(axis=0)
        cosines.append(float(before @ after / (np.linalg.norm(before) * np.linalg.norm(after) + 1e-9)))
    lowest = int(np.argmin(cosines))
    return (lowest + 1 + WINDOWS_APART / 2) / (len(partials) + 1) if cosines[lowest] < OTHER else None


def divide(
    parts: list[Utterance],
    embed: Callable[[list[Utterance]], list],
    cut: Callable[[int, int], int],
) -> list[Utterance]:
    """The parts with their voices, divided where the voice changes within one.

    `embed` gives vector and partials of parts, `cut(start, stop)` the best frame to cut at between two.
    """
    divided: list[Utterance] = []
    embeddings = iter(embed([part for part in parts if part.frames >= LEAST]))
    for part in parts:
        embedding = next(embeddings) if part.frames >= LEAST else SILENT
        voice = np.zeros(embedding.partials.shape[1], np.float32) if embedding.vector is None else embedding.vector
        share = change(embedding.partials) if part.frames >= 2 * JUDGED else None
        if share is None:
            divided.append(replace(part, voice=voice))
            continue
        near = part.start + round(share * part.frames)
        at = cut(max(near - JUDGED // 2, part.start + 1), min(near + JUDGED // 2, part.stop - 1))
        divided += divide([replace(part, stop=at), replace(part, start=at)], embed, cut)
    return divided
