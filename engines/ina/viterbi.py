"""Viterbi decoding where every change of state costs the same, equal to inaSpeechSegmenter's to the last bit.

Scores are summed as upstream's pyannote_viterbi.py does (float64, the same order), but on Python floats:
with two or three states a numpy call costs more than the arithmetic in it. Because all changes cost the
same, a state is entered either from itself or from the leader, so a step needs one comparison per state.
"""

import numpy as np

CHUNK = 1 << 16  # steps turned into Python floats at once, to keep memory flat


def change_cost(exponent: float) -> float:
    """The log-score of a change of state of probability 10**-exponent."""
    return -exponent * float(np.log(10))


def decode(emission: np.ndarray, change: float, stay: tuple[float, ...] | None = None) -> np.ndarray:
    """The best state sequence, int (steps,), for emission log-scores (steps, states), steps at least 1.

    `change` is the log-score of going to another state, stay[i] (0 by default) that of staying in state i;
    every stay is above `change`. Initial states are equally likely. Of equal scores the lowest state wins,
    as with np.argmax. Scores may be -inf.
    """
    steps, states = emission.shape
    stay = stay or (0.0,) * states
    score = (emission[0] + np.log(np.ones(states) / states)).tolist()
    came_from = [bytearray([state]) * steps for state in range(states)]
    for start in range(1, steps, CHUNK):
        rows = emission[start : start + CHUNK].astype(np.float64).tolist()
        for step, row in enumerate(rows, start):
            arrivals = [before + change for before in score]
            best = max(arrivals)
            leader = arrivals.index(best)
            for state, gain in enumerate(row):
                kept = score[state] + stay[state]
                if kept > best or (kept == best and state < leader):
                    score[state] = gain + kept
                else:
                    came_from[state][step] = leader
                    score[state] = gain + best
    path = bytearray(steps)
    state = score.index(max(score))
    for step in range(steps - 1, -1, -1):
        path[step] = state
        state = came_from[state][step]
    return np.frombuffer(path, np.uint8).astype(int)


def margins(emission: np.ndarray, change: float) -> tuple[np.ndarray, np.ndarray]:
    """The best state at each step, int (steps,), and how sure it is, float (steps,), in units of log-score.

    The margin of a step is what the best of all sequences is ahead of the best one that has another state
    at that step (a difference of max-marginals). Staying costs nothing; rounding may differ from `decode`.
    """
    through = _arrivals(emission, change) + emission + _arrivals(emission[::-1], change)[::-1]
    ranked = np.sort(through, axis=1)
    return through.argmax(axis=1), ranked[:, -1] - ranked[:, -2]


def _arrivals(emission: np.ndarray, change: float) -> np.ndarray:
    """Best score with which each state is entered at each step, before its emission, (steps, states)."""
    entered = [0.0] * emission.shape[1]
    rows = []
    for row in emission.astype(np.float64).tolist():
        rows.append(entered)
        score = [before + gain for before, gain in zip(entered, row, strict=True)]
        best = max(score) + change
        entered = [max(kept, best) for kept in score]
    return np.array(rows)
