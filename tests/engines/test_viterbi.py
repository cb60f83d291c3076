"""Viterbi decoding against a plain reference, and its margins against brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from engines.ina import viterbi


def reference(emission: np.ndarray, transition: np.ndarray) -> np.ndarray:
    """The textbook recursion with np.argmax, any transition matrix (states, states)."""
    steps, states = emission.shape
    score = emission[0] + np.log(np.ones(states) / states)
    came_from = np.zeros((steps, states), int)
    for step in range(1, steps):
        routes = score[:, np.newaxis] + transition
        came_from[step] = np.argmax(routes, axis=0)
        score = emission[step] + routes[came_from[step], np.arange(states)]
    path = [int(np.argmax(score))]
    for step in range(steps - 1, 0, -1):
        path.append(came_from[step, path[-1]])
    return np.array(path[::-1])


def transition(change: float, stay: tuple[float, ...]) -> np.ndarray:
    matrix = np.full((len(stay), len(stay)), change)
    np.fill_diagonal(matrix, stay)
    return matrix


# Few distinct values make ties; floats of any size make rounding matter; -inf is a posterior of 0.
few = st.sampled_from([0.0, -1.0, -2.0, -3.0, -np.inf])
scores = st.one_of(few, st.floats(-1e6, 0.0))
emissions = st.tuples(st.integers(1, 60), st.integers(2, 3)).flatmap(
    lambda shape: nps.arrays(np.float64, shape, elements=scores)
)
changes = st.one_of(st.sampled_from([-1.0, -2.0, -3.0]), st.floats(-500.0, -0.5))


@given(emissions, changes, st.sampled_from([0.0, -0.25]))
def test_decode_is_the_plain_recursion_ties_and_all(emission, change, first):
    stay = (first, *[0.0] * (emission.shape[1] - 1))
    expected = reference(emission, transition(change, stay))
    assert viterbi.decode(emission, change, stay).tolist() == expected.tolist()


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3]))
def test_decode_of_posteriors(seed, labels):
    posteriors = np.random.default_rng(seed).dirichlet([0.2] * labels, 300).astype(np.float32)
    with np.errstate(divide="ignore"):
        emission = np.log(posteriors)
    expected = reference(emission, transition(-8.0, (0.0,) * labels))
    assert viterbi.decode(emission, -8.0).tolist() == expected.tolist()


def test_decode_across_chunks(monkeypatch):
    emission = np.log(np.random.default_rng(0).dirichlet([0.2] * 3, 1000))
    whole = viterbi.decode(emission, -5.0)
    monkeypatch.setattr(viterbi, "CHUNK", 7)
    assert (viterbi.decode(emission, -5.0) == whole).all()


def test_evidence_must_pay_for_two_changes():
    emission = np.zeros((40, 2))
    emission[:, 1] = -1.0
    emission[10:20] = [-1.0, 0.0]  # state 1 is 10 ahead for a while, and a visit costs two changes
    assert not viterbi.decode(emission, -5.01).any()
    assert np.flatnonzero(viterbi.decode(emission, -4.99)).tolist() == list(range(10, 20))


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.sampled_from([2, 3]), st.sampled_from([-1.0, -4.0]))
def test_margins_against_every_sequence(seed, steps, states, change):
    emission = np.log(np.random.default_rng(seed).dirichlet([0.5] * states, steps))
    paths = np.array(list(itertools.product(range(states), repeat=steps)))
    totals = emission[np.arange(steps), paths].sum(axis=1) + change * (np.diff(paths) != 0).sum(axis=1)
    best, margin = viterbi.margins(emission, change)
    for step in range(steps):
        through = sorted(totals[paths[:, step] == state].max() for state in range(states))
        assert margin[step] == pytest.approx(through[-1] - through[-2], abs=1e-9)
        assert totals[paths[:, step] == best[step]].max() == pytest.approx(through[-1], abs=1e-9)


def test_change_cost():
    assert viterbi.change_cost(80) == -80 * np.log(10)
