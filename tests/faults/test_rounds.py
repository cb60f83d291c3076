"""Killed, filled, flipped, cut, deleted, moved, detached, and run again: the same corpus, or one right sentence."""

import pytest

from tests.faults.places import Place
from tests.faults.rounds import play

CHOSEN = (20, 37)  # a changed setting, on a full disk and with three files cut; docs/faults.md has the rest


@pytest.fixture(scope="module")
def place(tmp_path_factory, short_speech):
    place = Place(tmp_path_factory.mktemp("faults"), short_speech / "talk.wav")
    yield place
    place.close()


@pytest.mark.parametrize("seed", CHOSEN)
def test_the_plain_command_ends_in_the_same_corpus(place, seed):
    print("; ".join(play(place, seed)))
