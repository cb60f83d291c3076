"""What people decided, laid over what speaker, select, slice and export do by themselves."""

import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_voices import corpus

from engines import scores
from pipeline import decided_texts
from pipeline.decision import Decision
from pipeline.texts import Text
from stages.export import decided as exported
from stages.select.thresholds import Thresholds, decide
from stages.slice import recut
from stages.slice.turns import Utterance
from stages.speaker import choice, clusters, halves, threshold
from stages.speaker.present import Clips

SHA = "a" * 64


def said(kind: str, places: list, value: str = "", times: tuple = (), number: int = 0) -> Decision:
    """A decision on places of the one recording."""
    fields = {"kind": kind, "places": {SHA: places}, "value": value, "times": list(times)}
    when = f"2026-01-01T00:00:00.{number:06d}Z"
    return Decision.model_validate({"id": uuid.uuid4().hex, "who": "anna", "when": when} | fields)


@pytest.fixture
def found():
    """Clips of three people in one recording, ten seconds apart, whose they are, and a choice without targets."""
    vectors, seconds, label, _ = corpus([30, 12, 8])
    start = 10.0 * np.arange(50)
    clips = Clips(
        np.arange(50), vectors.astype(np.float32), seconds, np.zeros(50, int), start * 0, start, start + seconds, [SHA]
    )

    found = choice.find(clips)

    def choose(*told: Decision):
        made = choice.choose(clips, found, None, "auto", 1, told)
        names = np.array([*made.names, "nobody"])
        return made, np.where(made.answer == threshold.CONFIDENT, names[made.choice], "nobody")

    def places(clip_numbers) -> list:
        return [(start[i], start[i] + seconds[i]) for i in clip_numbers]

    return choose, places, label


def test_without_decisions_the_most_present_voice_is_kept(found):
    choose, _, label = found
    assert set(choose()[1][label == 0]) == {"voice1"} and set(choose()[1][label > 0]) == {"nobody"}


def test_a_voice_is_whose_a_person_says(found):
    choose, places, label = found
    made, who = choose(
        said("voice", places(np.flatnonzero(label == 1)), "bea"), said("voice", places(np.flatnonzero(label == 0)))
    )
    assert set(who[label == 1]) == {"bea"} and set(who[label != 1]) == {"nobody"}
    assert np.all(made.by[label == 2] == 0) and np.all(made.by[label == 1] == 1)


def test_an_answer_holds_for_clips_of_the_voice_that_came_later_and_for_no_others(found):
    choose, places, label = found
    members = np.flatnonzero(label == 1)
    _, who = choose(said("voice", places(members[:9]), "bea"))
    assert set(who[members]) == {"bea"}
    _, who = choose(said("voice", places(members[:3]), "bea"))
    assert set(who[members[:3]]) == {"bea"} and set(who[members[3:]]) == {"nobody"}
    _, who = choose(said("voice", places(members[:5]), "bea"), said("voice", places(members[5:10]), "kim"))
    assert set(who[members[10:]]) == {"nobody"}


def test_the_answer_on_a_clip_comes_before_that_on_its_voice(found):
    choose, places, label = found
    members = np.flatnonzero(label == 1)
    told = [said("speaker", places(members[:1]), "kim"), said("voice", places(members), "bea")]
    made, who = choose(*told)
    assert who[members[0]] == "kim" and set(who[members[1:]]) == {"bea"} and made.by[members[0]] == 2


def test_a_clip_that_is_kept_is_kept_also_where_it_or_its_voice_was_nobodys(found):
    choose, places, label = found
    members, clip = np.flatnonzero(label == 1), np.flatnonzero(label == 1)[:1]
    keep, nobody = said("keep", places(clip), number=2), said("speaker", places(clip), number=1)
    for told in ([keep], [said("voice", places(members)), keep], [nobody, keep]):
        made, who = choose(*told)
        assert who[clip] == "voice1" and set(who[members[1:]]) == {"nobody"} and made.by[clip] == 2
    assert choose(keep, said("speaker", places(clip), number=3))[1][clip] == "nobody"  # the later counts
    assert choose(said("speaker", places(clip), "bea"), keep)[1][clip] == "bea"


def test_a_voice_heard_as_two_is_taken_apart_and_either_half_can_be_named(found):
    choose, places, label = found
    mixed = np.flatnonzero(label < 2)
    two = said("two", places(mixed))
    vectors, seconds, label, _ = corpus([30, 12, 8])
    clustered = clusters.cluster(vectors, seconds, np.zeros(50, int))
    one = np.zeros(len(clustered.heads), int)
    one[np.unique(clustered.of[label == 2])] = 1
    after, voice = halves.taken_apart(vectors, seconds, np.zeros(50, int), clustered, one, [label < 2])
    of_clip = voice[after.of]
    assert len(set(of_clip)) == 3 and all(len(set(of_clip[label == person])) == 1 for person in range(3))
    assert np.all(np.diff(np.bincount(of_clip, seconds)) <= 0)
    _, who = choose(two, said("voice", places(np.flatnonzero(label == 1)), "bea", number=1))
    assert set(who[label == 1]) == {"bea"}


def test_two_that_fits_no_voice_takes_nothing_apart(found):
    choose, places, label = found
    some = np.flatnonzero(label == 0)[:5]
    np.testing.assert_array_equal(choose(said("two", places(some)))[0].voice, choose()[0].voice)


@given(st.integers(1, 40), st.integers(0, 99))
def test_a_voice_of_several_clips_always_has_two_sides(count, seed):
    rng = np.random.default_rng(seed)
    vectors = clusters.unit(rng.standard_normal((count, 16)))
    side = halves.sides(vectors, rng.uniform(1, 9, count))
    assert side.shape == (count,) and (count == 1 or 0 < side.sum() < count)
    same = halves.sides(np.repeat(vectors[:1], count, axis=0), np.ones(count))
    assert count == 1 or 0 < same.sum() < count


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(None, "dnsmos_ovrl"), (said("keep", [(0, 1)]), None), (said("drop", [(0, 1)], "echo"), "person")],
)
def test_a_verdict_outweighs_thresholds_and_repeats(verdict, expected):
    thresholds = Thresholds({"dnsmos_ovrl": 2.0}, {})
    clip = dict.fromkeys(scores.known()) | {"id": "a", "dnsmos_ovrl": 1.0}
    answer = decide(clip, thresholds.faults(clip), {"a": "b"}, verdict)
    assert (answer[0] if answer else None) == expected
    if expected == "person":
        assert "echo" in answer[1]


PARTS = [Utterance(100, 300, "male"), Utterance(350, 600, "male"), Utterance(700, 900, "female")]


def cut(*told: Decision, parts=PARTS) -> list[tuple[int, int]]:
    """The clips of a recording of ten seconds after cuts."""
    return [(part.start, part.stop) for part, _ in recut.apply(parts, [one.model_dump() for one in told], 1000)]


def test_clips_are_cut_as_people_say():
    assert cut() == [(100, 300), (350, 600), (700, 900)]
    assert cut(said("retime", [(3.5, 6.0)], times=(3.3, 6.4)))[1] == (330, 640)
    assert cut(said("retime", [(3.5, 6.0)], times=(1.0, 9.9)))[1] == (300, 700)  # at most to the neighbours
    assert cut(said("retime", [(7.0, 9.0)], times=(6.5, 20.0)))[2] == (650, 1000)
    assert cut(said("split", [(3.5, 6.0)], times=(4.5,)))[1:3] == [(350, 450), (450, 600)]
    assert cut(said("join", [(1.0, 3.0), (3.5, 6.0)])) == [(100, 600), (700, 900)]


def test_cuts_follow_each_other_and_each_clip_knows_its_own():
    told = [said("join", [(1.0, 3.0), (3.5, 6.0)]), said("retime", [(1.0, 6.0)], times=(1.2, 5.8))]
    made = recut.apply(PARTS, [one.model_dump() for one in told], 1000)
    assert [(part.start, part.stop) for part, _ in made] == [(120, 580), (700, 900)]
    assert made[0][1] == [one.id for one in told] and made[1][1] == []


FIRST, NEXT, LAST = (1.0, 3.0), (3.5, 6.0), (7.0, 9.0)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([said("retime", [NEXT], times=(3.5, 5.0)), said("retime", [NEXT], times=(3.5, 5.8))], [(350, 580)]),
        ([said("split", [NEXT], times=(4.5,)), said("retime", [NEXT], times=(3.6, 6.0))], [(360, 600)]),
        ([said("retime", [NEXT], times=(3.5, 5.0)), said("split", [NEXT], times=(5.5,))], [(350, 550), (550, 600)]),
        ([said("join", [FIRST, NEXT]), said("split", [NEXT], times=(4.5,))], [(350, 450), (450, 600)]),
        ([said("split", [NEXT], times=(4.5,)), said("split", [NEXT], times=(5.5,))], [(350, 550), (550, 600)]),
        ([said("retime", [NEXT], times=(3.5, 5.0)), said("retime", [NEXT], times=(3.5, 3.52))], [(350, 500)]),
    ],
)
def test_of_two_cuts_of_a_clip_the_later_counts_though_no_run_lay_between(told, expected):
    assert cut(*told)[1:-1] == expected


def test_three_clips_joined_two_by_two_become_one():
    two = [said("join", [FIRST, NEXT]), said("join", [NEXT, LAST])]
    assert cut(*two) == cut(*two[::-1]) == [(100, 900)]
    assert cut(two[0], two[0]) == [(100, 600), (700, 900)]


@pytest.mark.parametrize(
    "told",
    [
        said("retime", [(1.0, 2.0)], times=(1.0, 1.5)),  # no such clip
        said("retime", [(3.5, 6.0)], times=(3.5, 3.55)),  # nothing would be left
        said("split", [(3.5, 6.0)], times=(3.52,)),
        said("join", [(1.0, 3.0), (7.0, 9.0)]),  # not neighbours
    ],
)
def test_a_cut_that_does_not_fit_changes_nothing(told):
    assert cut(told) == cut()
    assert exported.unfit([told], [{"sha256": SHA, "start": 3.5, "end": 6.0}]) == [told]


TIME = st.integers(0, 100).map(lambda value: value / 10)
CUT = st.one_of(
    st.builds(lambda a, b, c, d: said("retime", [sorted((a, b))], times=sorted((c, d))), TIME, TIME, TIME, TIME),
    st.builds(lambda part, at: said("split", [part], times=(at,)), st.sampled_from([(1.0, 3.0), (3.5, 6.0)]), TIME),
    st.builds(lambda i: said("join", [[(1.0, 3.0), (3.5, 6.0), (7.0, 9.0)][j] for j in (i, i + 1)]), st.integers(0, 1)),
)


@given(st.lists(CUT, max_size=6))
def test_whatever_is_cut_clips_stay_in_order_and_apart(told):
    spans = cut(*told)
    assert all(stop - start >= recut.LEAST for start, stop in spans)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))
    assert not spans or (spans[0][0] >= 0 and spans[-1][1] <= 1000)


def test_what_no_longer_fits_is_listed_and_comes_back():
    clip, voice = said("keep", [(1.0, 3.0)]), said("voice", [(1.0, 3.0), (20.0, 22.0)], "anna")
    gone, heard = said("text", [(5.0, 6.0)], "hello"), said("separated", [(5.0, 6.0)], "yes")
    rows = [{"sha256": SHA, "start": 1.05, "end": 3.0}]
    assert exported.unfit([clip, voice, gone, heard], rows) == [gone]
    assert exported.unfit([gone], [*rows, {"sha256": SHA, "start": 5.0, "end": 6.0}]) == []
    assert exported.unfit([clip, voice], [{"sha256": "b" * 64, "start": 1.05, "end": 3.0}]) == [clip, voice]


def text(words: str, start: float = 1.0, end: float = 3.0) -> Text:
    return Text(SHA, start, end, words, "")


@pytest.mark.parametrize(
    ("written", "taken", "decided", "expected"),
    [
        ([], [], ["new"], ["new"]),
        (["old"], ["old"], ["old"], ["old"]),  # nothing has happened
        (["by hand"], [], ["new"], ["by hand", "new"]),  # the last counts, the first is an orphan
        (["by hand"], ["old"], ["old"], ["by hand"]),  # edited after it was taken up
        (["by hand"], ["old"], ["new"], ["by hand", "new"]),
        (["old"], ["old"], [], []),  # undone
        (["by hand"], ["old"], [], ["by hand"]),
        ([], [""], [""], [""]),  # that nothing is said stands nowhere, and yet is at rest
        (["by hand"], [""], [""], ["by hand"]),
        (["new"], ["new"], ["old"], ["old"]),  # undone: back to the one before
    ],
)
def test_texts_of_decisions_and_of_metadata_come_together(written, taken, decided, expected):
    told = decided_texts.together(*([text(words) for words in some] for some in (written, taken, decided)))
    assert [one.text for one in told] == expected


def test_a_decided_text_is_known_again_at_a_place_a_little_off():
    assert decided_texts.together([text("old", 1.0, 3.05)], [text("old")], []) == []
