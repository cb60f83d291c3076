"""A voice that a person heard as two people, taken apart: pure functions on embeddings, for the speaker stage."""

from dataclasses import replace

import numpy as np

from stages.speaker.clusters import Clusters, most_first, share_recording, sums, unit

SAMPLE = 1000  # clips, the longest, that show along which axis a voice's clips differ most
ROUNDS = 50  # of assignment to the nearer mean; a handful is the rule


def sides(vectors: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Which of two groups each clip of a voice belongs to, (n,) bool; vectors (n, d) unit and centred.

    Two means on the sphere, begun with the two sides of the axis along which the clips differ most.
    """
    if len(vectors) < 2:
        return np.zeros(len(vectors), bool)
    mean = np.average(vectors, axis=0, weights=seconds)
    longest = np.argsort(-seconds, kind="stable")[:SAMPLE]
    differing = (vectors[longest] - mean) * np.sqrt(seconds[longest, None])
    along = (vectors - mean) @ np.linalg.svd(differing, full_matrices=False)[2][0]
    side = along > 0
    if side.all() or not side.any():
        return np.arange(len(vectors)) == np.argmax(np.abs(along))
    for _ in range(ROUNDS):
        heads = unit(np.stack([seconds[chosen] @ vectors[chosen] for chosen in (~side, side)]))
        nearer = vectors @ heads[1] > vectors @ heads[0]
        if np.array_equal(nearer, side) or nearer.all() or not nearer.any():
            break
        side = nearer
    return side


def taken_apart(
    vectors: np.ndarray,
    seconds: np.ndarray,
    recording: np.ndarray,
    clustered: Clusters,
    voice: np.ndarray,
    places: list[np.ndarray],
) -> tuple[Clusters, np.ndarray]:
    """Clusters and their voices, (clusters,), with the voices that people heard as two in two.

    places: for every such decision the clips, (clips,) bool, that it was made on. It holds for the voice that has more
    than half of their seconds, where they are more than half of that voice's; otherwise it fits no voice any more.
    """
    for mask in places:
        of_clip = voice[clustered.of]
        whole = np.bincount(of_clip, seconds, voice.max() + 1)
        inside = np.bincount(of_clip[mask], seconds[mask], voice.max() + 1)
        largest = int(np.argmax(inside))
        if 2 * inside[largest] > whole[largest] and 2 * inside[largest] > inside.sum():
            members = np.flatnonzero(of_clip == largest)
            side = sides(unit(vectors[members] - clustered.centre), seconds[members])
            clustered, voice = divided(vectors, seconds, recording, clustered, voice, members, side)
    return (clustered, most_first(voice, clustered.seconds)) if places else (clustered, voice)


def divided(
    vectors: np.ndarray,
    seconds: np.ndarray,
    recording: np.ndarray,
    clustered: Clusters,
    voice: np.ndarray,
    members: np.ndarray,
    side: np.ndarray,
) -> tuple[Clusters, np.ndarray]:
    """The clusters with one voice's clips, `members` (n,), in two voices by their `side`, (n,) bool.

    A cluster with clips on both sides becomes two.
    """
    if not side.any():
        return clustered, voice
    of, count = clustered.of.copy(), len(clustered.heads)
    old, moved = np.unique(of[members[side]], return_inverse=True)
    of[members[side]] = count + moved
    voice = np.concatenate([voice, np.full(len(old), voice.max() + 1)])
    within, count = clustered.within, count + len(old)
    heads = np.concatenate([clustered.heads, np.zeros((len(old), vectors.shape[1]))])
    near = members[within[members]]
    touched, label = np.unique(of[near], return_inverse=True)
    if len(near):
        heads[touched] = unit(sums(unit(vectors[near] - clustered.centre), seconds[near], label))
    together = np.zeros((count, count), bool)
    shared = share_recording(of[within], recording[within])
    together[: len(shared), : len(shared)] = shared
    spoken = np.bincount(of[within], seconds[within], count)
    return replace(clustered, heads=heads, seconds=spoken, together=together, of=of), voice
