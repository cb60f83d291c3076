"""Speech that was cut off beside a clip goes to the clip that it is nearer to, and never over another one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review import beside

CLIPS = [(10.0, 12.0), (13.0, 15.0), (30.0, 32.0)]


@pytest.mark.parametrize(
    ("speech", "wide", "gains"),
    [
        ([], CLIPS, [0, 0, 0]),
        ([(9.0, 9.5)], [(9.0, 12.0), *CLIPS[1:]], [0.5, 0, 0]),
        ([(12.1, 12.4)], [(10.0, 12.4), *CLIPS[1:]], [0.3, 0, 0]),
        ([(12.6, 12.9)], [CLIPS[0], (12.6, 15.0), CLIPS[2]], [0, 0.3, 0]),
        ([(15.5, 16.0), (16.8, 17.0)], [CLIPS[0], (13.0, 17.0), CLIPS[2]], [0, 0.7, 0]),  # one after the other
        ([(17.5, 18.0), (33.1, 34.0)], CLIPS, [0, 0, 0]),  # too far away
    ],
)
def test_ends_move_over_what_was_cut_off(speech, wide, gains):
    assert beside.wider(CLIPS, speech) == wide
    assert beside.gained(CLIPS, wide, speech) == pytest.approx(gains)


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.lists(st.integers(1, 30), min_size=40, max_size=40))
def test_whatever_lies_beside_them_clips_stay_apart_and_lose_nothing(kinds, lengths):
    at, clips, speech = 0.0, [], []
    for is_clip, length in zip(kinds, lengths, strict=False):
        (clips if is_clip else speech).append((at, at + length / 10))
        at += length / 10 + lengths[length] / 10
    wide = beside.wider(clips, speech)
    assert all(first <= start and last >= end for (start, end), (first, last) in zip(clips, wide, strict=True))
    assert all(before[1] <= after[0] for before, after in zip(wide, wide[1:], strict=False))
    gains = beside.gained(clips, wide, speech)
    assert min(gains, default=0) >= 0 and sum(gains) <= sum(end - start for start, end in speech) + 1e-9
