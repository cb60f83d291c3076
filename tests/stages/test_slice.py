"""slice: bounds, pauses, and that all seconds are accounted for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.embeddings import Embedding
from pipeline import audio, levels
from stages.slice import cut, original
from stages.slice.turns import Utterance

SECONDS = {"min": 1.5, "max": 12.0, "padding": 0.05, "merge": 0.8, "pause": 0.4}
LABELS = ["male", "female"]


def voice_at(*changes: float):
    """An embedder for which another person speaks after each of these times."""

    def embed(parts: list[Utterance]) -> list[Embedding]:
        found = []
        for part in parts:
            middles = np.linspace(part.start, part.stop, max(3, part.frames // 77) + 1)[1:] / 100
            partials = np.eye(256, dtype=np.float32)[np.searchsorted(changes, middles)]
            vector = partials.mean(axis=0)
            found.append(Embedding(vector / np.linalg.norm(vector), part.frames / 100, partials))
        return found

    return embed


ONE = voice_at()


def level_of(*pieces: tuple[float, float]) -> np.ndarray:
    """Frame levels from (seconds, dBFS)."""
    return np.concatenate([np.full(round(100 * seconds), float(level)) for seconds, level in pieces])


def seconds_of(clips: list[Utterance]) -> list[tuple[float, float]]:
    return [(clip.start / 100, clip.stop / 100) for clip in clips]


def test_levels_of_a_tone_are_its_rms_whatever_the_blocks():
    tone = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100)).astype(np.float32)
    whole = levels.of_blocks(iter([tone]))
    assert len(whole) == 100
    np.testing.assert_allclose(whole, 20 * np.log10(0.5 / np.sqrt(2)), atol=0.05)
    pieces = levels.of_blocks(iter(np.split(tone, [1, 441, 5000, 40000])))
    np.testing.assert_allclose(pieces, whole, atol=1e-6)


def test_a_long_pause_ends_a_clip_and_a_short_one_does_not():
    level = level_of((1, -90), (2, -20), (0.3, -90), (2, -20), (0.6, -90), (2, -20), (1, -90))
    clips = cut.plan([("noEnergy", 0, 1), ("male", 1, 7.9), ("noEnergy", 7.9, 8.9)], level, LABELS, SECONDS, ONE)
    assert seconds_of(clips) == [(0.95, 5.35), (5.85, 7.95)]


def test_a_short_utterance_joins_its_neighbour_before_the_minimum_is_asked_for():
    level = level_of((2, -20), (0.6, -90), (0.8, -20), (3, -90), (0.8, -20))
    spans = [("male", 0, 2), ("noEnergy", 2, 2.6), ("male", 2.6, 3.4), ("noEnergy", 3.4, 6.4), ("male", 6.4, 7.2)]
    clips = cut.plan(spans, level, LABELS, SECONDS, ONE)
    assert seconds_of(clips) == [(0.0, 3.45)]
    lost = cut.leftovers(clips, spans, LABELS, 7.2)
    assert lost == [("no_energy", 3.45, 6.4), ("too_short", 6.4, 7.2)]


def test_another_voice_is_no_neighbour_and_a_border_without_a_pause_is_no_border():
    level = level_of((2, -20), (0.5, -90), (0.8, -20))
    spans = [("male", 0, 2), ("noEnergy", 2, 2.5), ("female", 2.5, 3.3)]
    assert seconds_of(cut.plan(spans, level, LABELS, SECONDS, voice_at(2.2))) == [(0.0, 2.05)]
    level = level_of((5, -20))
    flipped = cut.plan([("male", 0, 4), ("female", 4, 5)], level, LABELS, SECONDS, ONE)
    assert [(clip.start, clip.stop, clip.label) for clip in flipped] == [(0, 500, "male")]
    level = level_of((3.1, -20), (0.05, -90), (2, -20))
    turn = cut.plan([("male", 0, 3), ("female", 3, 5.15)], level, LABELS, SECONDS, voice_at(3.1))
    assert [clip.label for clip in turn] == ["male", "female"]
    assert turn[0].stop <= turn[1].start and 310 <= turn[1].start <= 315


def test_a_change_of_voice_within_a_span_of_one_label_divides_it():
    level = level_of((4, -20), (0.1, -50), (4, -20))
    clips = cut.plan([("male", 0, 8.1)], level, LABELS, SECONDS, voice_at(4.05))
    assert len(clips) == 2
    assert 400 <= clips[0].stop <= clips[1].start <= 410


def test_a_clip_tells_what_its_spans_rest_on():
    spans = [("male", 0, 2), ("noEnergy", 2, 3), ("male", 3, 4)]
    evidence = {"male": [0.9, None, 0.6], "speech_to_background_db": [10.0, None, 20.0]}
    assert cut.evidence_of(0, 4, spans, evidence) == {"male": 0.8, "speech_to_background_db": 13.333}
    assert cut.evidence_of(2, 3, spans, evidence) == {}


def test_a_long_span_is_split_at_its_deepest_pause():
    level = level_of((7, -20), (0.1, -45), (6, -20), (0.1, -40), (6, -20))
    clips = cut.plan([("female", 0, 19.2)], level, LABELS, SECONDS, ONE)
    assert seconds_of(clips) == [(0.0, 7.05), (7.05, 13.15), (13.15, 19.2)] or all(
        abs(clip.start / 100 - cut) < 0.1 for clip, cut in zip(clips, (0, 7.05, 13.15), strict=True)
    )


@settings(deadline=None)
@given(st.data())
def test_clips_are_sorted_disjoint_within_bounds_and_seconds_add_up(data):
    pieces = data.draw(
        st.lists(
            st.tuples(st.integers(1, 600), st.sampled_from(["male", "female", "music", "noEnergy", "noise"])),
            min_size=1,
            max_size=12,
        )
    )
    edges = np.cumsum([0] + [length * 2 for length, _ in pieces])
    spans = [(label, edges[i] / 100, edges[i + 1] / 100) for i, (_, label) in enumerate(pieces)]
    seed = data.draw(st.integers(0, 2**32 - 1))
    level = np.random.default_rng(seed).uniform(-80, -15, edges[-1])
    tail = data.draw(st.floats(0, 0.0199))
    clips = cut.plan(spans, level, LABELS, SECONDS, ONE)
    assert all(150 <= clip.stop - clip.start <= 1200 for clip in clips)
    assert all(left.stop <= right.start for left, right in zip(clips, clips[1:], strict=False))
    assert not clips or (clips[0].start >= 0 and clips[-1].stop <= len(level))
    duration = edges[-1] / 100 + tail
    lost = cut.leftovers(clips, spans, LABELS, duration)
    total = sum(clip.stop - clip.start for clip in clips) / 100 + sum(end - start for _, start, end in lost)
    assert total == pytest.approx(duration, abs=1e-6)


def test_digital_silence_gives_nothing():
    assert cut.plan([("male", 0, 5)], np.full(500, -120.0), LABELS, SECONDS, ONE) == []
    assert cut.plan([("noEnergy", 0, 0.02)], np.zeros(0), LABELS, SECONDS, ONE) == []


def test_pydub_finds_the_same_utterances(demo):
    """`engine: original`: the stretches between pauses, on the demo's own sound."""
    sound = audio.concatenated(audio.decode_mono(demo / "harbour_noon.mp3", audio.WORK_RATE))
    level = levels.of_blocks(iter([sound]))
    agree = []
    for start in range(0, len(level) - 800, 800):
        span = Utterance(start, start + 800, "male")
        piece = sound[span.start * levels.HOP : span.stop * levels.HOP]
        masks = np.zeros((2, span.frames), bool)
        for mask, parts in zip(
            masks, (cut.utterances(span, level), original.utterances(span, level, piece)), strict=True
        ):
            for part in parts:
                mask[part.start - span.start : part.stop - span.start] = True
        agree.append(np.mean(masks[0] == masks[1]))
    assert len(agree) > 4 and min(agree) > 0.85 and np.mean(agree) > 0.95
