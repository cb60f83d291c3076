"""Agreement of people, and the bounds of a sample."""

import pytest

from pipeline import decisions
from review import agreement

SHA = "a" * 64


def test_kappa_is_that_of_cohens_table():
    # 50 things: both yes 20, both no 15, first yes alone 5, second yes alone 10: kappa 0.4.
    pairs = [("y", "y")] * 20 + [("n", "n")] * 15 + [("y", "n")] * 5 + [("n", "y")] * 10
    assert agreement.kappa(pairs) == pytest.approx(0.4)
    assert agreement.kappa([("y", "y")] * 3) == 1.0 and agreement.kappa([]) is None
    assert agreement.kappa([("y", "n"), ("n", "y")]) == pytest.approx(-1)


def test_the_bounds_of_a_sample_are_wilsons():
    low, high = agreement.wilson(39, 40)
    assert low == pytest.approx(0.871, abs=5e-4) and high == pytest.approx(0.9956, abs=5e-4)
    assert agreement.wilson(0, 0) == (0.0, 1.0) and agreement.wilson(0, 10)[0] == 0


def test_only_what_both_heard_is_held_together_and_the_last_answer_counts(tmp_path):
    def say(who: str, kind: str, start: float, value: str = "") -> None:
        decisions.add(tmp_path, who, kind, {SHA: [(start, start + 2)]}, value)

    say("anna", "keep", 0)
    say("anna", "drop", 0, "noisy")
    say("bea", "drop", 0.05, "echo")  # the reason is no part of the answer
    say("anna", "keep", 10)
    say("bea", "keep", 20)
    say("anna", "voice", 30, "kim")
    say("bea", "voice", 30)
    say("anna", "tone", 40, "angry")
    say("bea", "tone", 40, "sad")
    together = agreement.together(decisions.of(tmp_path))
    assert together == {("anna", "bea"): [("drop", "drop"), ("kim", ""), ("angry", "sad")]}
