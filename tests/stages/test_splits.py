"""The splits: properties of the draw on made-up corpora, and what splits.csv keeps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ManifestError
from stages.formats import splits
from stages.formats.passages import MICROS, cut
from stages.formats.splits import GAP, NAMES, NONE, TEST, TRAIN, VALIDATION, Shares

seconds = st.integers(1, 15_000).map(lambda milliseconds: milliseconds * 1000)
pauses = st.integers(0, 8_000).map(lambda milliseconds: milliseconds * 1000)
drawn_shares = st.builds(
    Shares, st.sampled_from([0, 0.05, 0.1, 0.3]), st.sampled_from([0, 0.05, 0.2]), st.integers(0, 9)
)


@st.composite
def recordings(draw, most: int = 60) -> np.ndarray:
    """The clips of a recording, in the order of time."""
    spans = draw(st.lists(st.tuples(pauses, seconds), min_size=1, max_size=most))
    ends = np.cumsum([pause + length for pause, length in spans])
    return np.stack([ends - [length for _, length in spans], ends], axis=1)


places = st.lists(recordings(), min_size=1, max_size=8).map(
    lambda clips: {f"{number:064x}": spans for number, spans in enumerate(clips)}
)


def lengths(clips: np.ndarray) -> int:
    return int(np.sum(clips[:, 1] - clips[:, 0]))


def units(places: splits.Places, divided: splits.Given) -> list[tuple[str, int]]:
    """(split, microseconds) of every passage."""
    found = []
    for sha256, clips in places.items():
        bounds = [start for start, _ in divided[sha256][1:]]
        number = np.searchsorted(np.rint(np.array(bounds) * MICROS), clips.sum(axis=1) / 2, side="right")
        found += [(split, lengths(clips[number == i])) for i, (_, split) in enumerate(divided[sha256])]
    return found


@settings(deadline=None)
@given(places, drawn_shares)
def test_shares_are_met_within_one_unit(places, shares):
    passages = units(places, splits.divide(places, shares, {}))
    total, largest = sum(size for _, size in passages), max(size for _, size in passages)
    assert total == sum(map(lengths, places.values()))
    wanted = {TEST: shares.test, VALIDATION: shares.validation, TRAIN: 1 - shares.test - shares.validation}
    for name, share in wanted.items():
        assert abs(sum(size for split, size in passages if split == name) - share * total) <= largest + 1


@settings(deadline=None)
@given(places, drawn_shares)
def test_no_clip_is_lost_and_none_leaks_within_the_gap(places, shares):
    of_clips = splits.of_clips(places, splits.divide(places, shares, {}))
    for sha256, clips in places.items():
        assert len(of_clips[sha256]) == len(clips) and set(of_clips[sha256]) <= {*NAMES, NONE}
        for i, (start, end) in enumerate(clips):
            for j, (other_start, other_end) in enumerate(clips):
                apart = max(other_start - end, start - other_end)
                if apart < GAP * MICROS and NONE not in (of_clips[sha256][i], of_clips[sha256][j]):
                    assert of_clips[sha256][i] == of_clips[sha256][j]


@settings(deadline=None)
@given(places, st.lists(recordings(), max_size=4), drawn_shares)
def test_what_was_given_stays_when_recordings_are_added(places, added, shares):
    before = splits.divide(places, shares, {})
    more = places | {f"a{number:063x}": spans for number, spans in enumerate(added)}
    after = splits.divide(more, shares, before)
    assert {sha256: after[sha256] for sha256 in places} == before and after.keys() == more.keys()


@settings(deadline=None)
@given(places, drawn_shares, st.randoms())
def test_the_order_of_recordings_and_clips_is_irrelevant(places, shares, random):
    names = list(places)
    random.shuffle(names)
    shuffled = {
        sha256: places[sha256][random.sample(range(len(places[sha256])), len(places[sha256]))] for sha256 in names
    }
    assert splits.divide(shuffled, shares, {}) == splits.divide(places, shares, {})


@settings(deadline=None)
@given(recordings(), st.integers(500_000, 60_000_000))
def test_cuts_lie_between_clips_and_passages_are_not_too_short(clips, passage):
    cuts = cut(clips, passage)
    assert cuts == sorted(cuts) and not any(start < place < end for place in cuts for start, end in clips)
    number = np.searchsorted(cuts, clips.sum(axis=1) / 2, side="right")
    sizes = [lengths(clips[number == i]) for i in range(len(cuts) + 1)]
    assert not cuts or min(sizes) >= passage / 2


def test_a_cut_is_made_at_the_widest_pause_about_a_passage():
    starts = np.array([0, 12, 30, 42, 54])  # the widest pause is behind the second clip
    assert cut(np.stack([starts, starts + 10], axis=1) * MICROS, 30 * MICROS) == [26 * MICROS]


def hour(number: int, clips: int = 300) -> np.ndarray:
    """A recording with a clip of 4 s every 6.5 s."""
    starts = (np.arange(clips) * 6_500_000) + number
    return np.stack([starts, starts + 4_000_000], axis=1)


@pytest.mark.parametrize("count", [1, 2, 19])
def test_few_long_recordings_are_split_by_passages(count):
    places = {f"{number:064x}": hour(number) for number in range(count)}
    divided = splits.divide(places, Shares(0.05, 0.05, 0), {})
    of_clips = [split for clip_splits in splits.of_clips(places, divided).values() for split in clip_splits]
    seconds = 4 * of_clips.count(TEST), 4 * of_clips.count(VALIDATION)
    assert seconds == pytest.approx((count * 60, count * 60), abs=60) and NONE not in of_clips  # pauses of 2.5 s


def test_many_recordings_are_split_whole():
    places = {f"{number:064x}": hour(number) for number in range(200)}
    divided = splits.divide(places, Shares(0.05, 0.1, 0), {})
    assert all(len(passages) == 1 for passages in divided.values())
    counts = [[passages[0][1] for passages in divided.values()].count(name) for name in NAMES]
    assert counts == [170, 10, 20]
    other = splits.divide(places, Shares(0.05, 0.1, 1), {})
    assert other != divided


def test_training_yields_to_the_others_and_is_counted():
    clips = np.array([[0, 4], [4.5, 8], [8.5, 12], [20, 24]]) * MICROS
    given = {"x": [(0.0, TRAIN), (8.2, TEST), (15.0, TRAIN)]}
    assert splits.of_clips({"x": clips.astype(int)}, given)["x"] == [TRAIN, NONE, TEST, TRAIN]


def test_splits_csv_keeps_what_was_drawn_for_its_shares_and_seed(tmp_path):
    path, shares = tmp_path / "splits.csv", Shares(0.05, 0.05, 0)
    places = {f"{number:064x}": hour(number) for number in range(3)}
    divided = splits.divide(places, shares, {})
    splits.write(path, divided, shares)
    assert splits.read(path, shares) == divided
    for other in (Shares(0.05, 0.05, 1), Shares(0.1, 0.05, 0)):
        assert splits.read(path, other) == {}
    assert splits.read(tmp_path / "none.csv", shares) == {}
    path.write_text(path.read_text().replace("test,", "tset,").replace("validation,tset,seed", "validation,test,seed"))
    with pytest.raises(ManifestError, match="splits.csv, row .* found 'tset': correct it, or delete the file"):
        splits.read(path, shares)
