"""Which words of captions are said in which stretch of speech: a semi-Markov model over pauses.

Captions tell what is said, but their times are off by up to a second and their cues do not end where clips end. Speech
tells when somebody speaks. Both are put in step: islands of speech, parted by pauses, take words in their order. A
path is the likelier the better the words' length fits each island, the more its pauses fall on punctuation and ends of
cues, and the nearer cues begin and end to where the captions have them. Forward and backward sums over all paths
(Rabiner 1989, "A tutorial on hidden Markov models", section III) give the probability that a clip holds exactly the
words from one boundary to another, so that a clip gets all of its words or none.

A boundary j lies before word j; a gap i lies before island i.
"""

from dataclasses import dataclass

import numpy as np

from stages.transcribe.islands import Islands
from stages.transcribe.logsums import log_sum, product
from stages.transcribe.units import COMMA, CUE, NO_BREAK, SENTENCE, Words

REACH = 3.0  # seconds that a word may be from where its cue has it
SPREAD, SPREAD_SHORT = 0.18, 0.4  # of log durations: what voices vary, and what one syllable does
CUE_START, CUE_END, LATE_END = 0.35, 0.5, 0.3  # seconds: spread of cues' starts and ends, and how late they mostly end
WORD_START = 0.25  # seconds: spread where captions tell the times of words
FARTHEST = 8.0  # no time is less likely than this, in nats
EMPTY, COVERED = 2.0, 3.0  # nats against speech without words; per second of it under a cue
BREATH = 0.25  # seconds: a shorter island may be no speech
SKIPPED, SKIPPED_SPEECH = 2.0, 4.0  # nats against leaving a cue out; more where somebody speaks under it
UNPAUSED = {NO_BREAK: 0.0, COMMA: 0.3, SENTENCE: 1.0, CUE: 2.0}  # nats against no pause after a word
PAUSED = {COMMA: 0.7, SENTENCE: 0.2, CUE: 0.0}  # nats against a pause
WORDS, CELLS = 1500, 10**8  # words that may fall into one pause at most, and pairs of them over all islands
NO_PAUSE_SECONDS, PER_SECOND, PAUSED_MOST = 0.12, 9.0, 4.5  # a pause inside a phrase: nats by its length


@dataclass(frozen=True)
class Fit:
    """A clip's words first..stop - 1, and the probability that it holds these and no others."""

    first: int
    stop: int
    probability: float


class Crowded(Exception):
    """More words fall together than anybody can say, so that time and memory would have no bound."""


class Alignment:
    """The sums over all paths of words through islands; `pace`: seconds a syllable. Raises Crowded."""

    def __init__(self, words: Words, cues: np.ndarray, islands: Islands, pace: float):
        """cues: (k, 2) start and end of each cue in seconds."""
        self.words, self.cues, self.islands, self.pace = words, cues, islands, pace
        self.spent = np.append(0.0, np.cumsum(words.syllables))
        self.unpaused = np.append(0.0, np.cumsum([UNPAUSED[kind] for kind in words.breaks]))
        count = len(words.texts)
        self.first_of_cue = np.flatnonzero(np.diff(words.cue, prepend=-1))
        self.end_of_cue = np.append(self.first_of_cue[1:], count)
        gaps = np.concatenate([islands.start, islands.stop[-1:]])
        before = np.concatenate([islands.start[:1], islands.stop])
        # A boundary may lie at a gap where the word behind it is not yet overdue and the word before it is due.
        overdue = np.append(np.maximum.accumulate(words.start), np.inf)
        due = np.insert(np.minimum.accumulate(words.start[::-1])[::-1], 0, -np.inf)
        low = np.searchsorted(overdue, before - REACH)
        high = np.searchsorted(due, gaps + REACH, side="right")
        self.low = np.minimum.accumulate(np.minimum(low, high - 1)[::-1])[::-1]
        self.high = np.maximum.accumulate(high)
        self.low[0], self.high[-1] = 0, count + 1
        near = self.high - self.low
        if near.max() > WORDS or np.dot(near[1:], near[:-1]) > CELLS:
            raise Crowded
        self.skips = self._skips()
        self.steps = [self._step(i) for i in range(len(islands.start))]
        self.forward = self._forward()
        self.backward = self._backward()
        self.total = float(self.forward[-1][count - self.low[-1]])

    def _skips(self) -> np.ndarray:
        """Log weights of leaving out each cue, (k,)."""
        start, stop = self.islands.start, self.islands.stop
        weights = []
        for begin, end in self.cues:
            spoken = np.maximum(np.minimum(stop, end) - np.maximum(start, begin), 0).sum()
            weights.append(-SKIPPED - SKIPPED_SPEECH * min(spoken / max(end - begin, 0.1), 1.0))
        return np.array(weights)

    def _step(self, i: int) -> np.ndarray:
        """Log weights of island i taking the words j..k - 1, for j from low[i] and k from low[i + 1]."""
        start, stop = self.islands.start[i], self.islands.stop[i]
        j = np.arange(self.low[i], self.high[i])[:, None]
        k = np.arange(self.low[i + 1], self.high[i + 1])[None, :]
        said = self.spent[k] - self.spent[j]
        some = k > j
        syllables = np.where(some, np.maximum(said, 0.3), 1.0)
        spread = np.sqrt(SPREAD**2 + SPREAD_SHORT**2 / syllables)
        off = np.log((stop - start) / (self.pace * syllables)) / spread
        weight = -0.5 * off**2 - np.log(spread)
        last = np.maximum(k - 1, 0)
        weight -= np.where(some, self.unpaused[last] - self.unpaused[j], 0.0)
        weight -= np.where(some, self._pause(i, last), 0.0)
        weight -= self._times(start, stop, j, k)
        spoken = np.maximum(np.minimum(self.cues[:, 1], stop) - np.maximum(self.cues[:, 0], start), 0).sum()
        empty = 0.3 if stop - start < BREATH else EMPTY + min(COVERED * spoken, FARTHEST)
        return np.where(some, weight, np.where(k == j, -empty, -np.inf))

    def _pause(self, i: int, last: np.ndarray) -> np.ndarray:
        """Nats against the pause behind island i, after each word of `last`."""
        if i + 1 == len(self.islands.start):
            return np.zeros_like(last, float)
        pause = self.islands.start[i + 1] - self.islands.stop[i]
        inside = min(max(pause - NO_PAUSE_SECONDS, 0) * PER_SECOND + 0.5, PAUSED_MOST)
        by_kind = np.array([inside, PAUSED[COMMA], PAUSED[SENTENCE], PAUSED[CUE]])
        return by_kind[self.words.breaks[last]]

    def _times(self, start: float, stop: float, j: np.ndarray, k: np.ndarray) -> np.ndarray:
        """Nats against the times of the cues that begin and end in an island with the words j..k - 1."""
        words = self.words
        last = np.maximum(k - 1, 0)
        first = np.minimum(j, len(words.texts) - 1)
        begins = np.concatenate([[True], words.breaks[:-1] == CUE])
        spread = np.where(words.timed[first], WORD_START, CUE_START)
        off = np.minimum(0.5 * ((start - words.start[first]) / spread) ** 2, FARTHEST)
        nats = np.where(begins[first] | words.timed[first], off, 0.0)
        ends = words.breaks[last] == CUE
        late = (stop + LATE_END - self.cues[words.cue[last], 1]) / CUE_END
        nats = nats + np.where(ends, np.minimum(0.5 * late**2, FARTHEST), 0.0)
        return np.where(k > j, nats, 0.0)

    def _leaving_out(self, weights: np.ndarray, i: int, backwards: bool = False) -> np.ndarray:
        """Log weights at gap i with those of paths added that leave out whole cues there."""
        weights, low = weights.copy(), self.low[i]
        cues = np.flatnonzero((self.first_of_cue >= low) & (self.end_of_cue < self.high[i]))
        for cue in cues[::-1] if backwards else cues:
            ends = self.first_of_cue[cue] - low, self.end_of_cue[cue] - low
            at, to = ends[::-1] if backwards else ends
            weights[to] = np.logaddexp(weights[to], weights[at] + self.skips[cue])
        return weights

    def _forward(self) -> list[np.ndarray]:
        """Log sums of the paths from the beginning to each boundary at each gap."""
        first = np.full(self.high[0] - self.low[0], -np.inf)
        first[0] = 0.0
        sums = [self._leaving_out(first, 0)]
        for i, step in enumerate(self.steps):
            sums.append(self._leaving_out(log_sum(sums[-1][:, None] + step, axis=0), i + 1))
        return sums

    def _backward(self) -> list[np.ndarray]:
        """Log sums of the paths from each boundary at each gap to the end."""
        last = np.full(self.high[-1] - self.low[-1], -np.inf)
        last[-1] = 0.0
        sums = [self._leaving_out(last, len(self.steps), backwards=True)]
        for i in range(len(self.steps) - 1, -1, -1):
            sums.append(self._leaving_out(log_sum(self.steps[i] + sums[-1][None, :], axis=1), i, backwards=True))
        return sums[::-1]

    def between(self, gap: int, stop: int) -> Fit | None:
        """The likeliest words of the islands gap..stop - 1; None where these hold none.

        Only paths count that give words to each island (but breaths) and leave out no cue between.
        """
        inside: np.ndarray | None = None
        for i in range(gap, stop):
            step = self.steps[i].copy()
            if self.islands.stop[i] - self.islands.start[i] >= BREATH:
                j = np.arange(self.low[i], self.high[i])[:, None]
                step[j == np.arange(self.low[i + 1], self.high[i + 1])[None, :]] = -np.inf
            inside = step if inside is None else product(inside, step)
        if inside is None:
            return None
        joint = self.forward[gap][:, None] + inside + self.backward[stop][None, :] - self.total
        j, k = map(int, np.unravel_index(np.argmax(joint), joint.shape))
        first, last = j + int(self.low[gap]), k + int(self.low[stop])
        likely = last > first and np.isfinite(joint[j, k])
        return Fit(first, last, float(np.exp(min(joint[j, k], 0.0)))) if likely else None

    def pace_heard(self) -> float:
        """Seconds a syllable in the islands whose words are likely, the median over syllables; else the pace given."""
        fits = ((i, self.between(i, i + 1)) for i in range(len(self.steps)))
        sure = [(i, fit) for i, fit in fits if fit and fit.probability > 0.5]
        if not sure:
            return self.pace
        said = np.array([self.spent[fit.stop] - self.spent[fit.first] for _, fit in sure])
        lasted = np.array([self.islands.stop[i] - self.islands.start[i] for i, _ in sure])
        order = np.argsort(lasted / said)
        middle = int(np.searchsorted(np.cumsum(said[order]), said.sum() / 2))
        return float((lasted / said)[order][middle])

    def taken(self) -> float:
        """The share of the cues that islands take, 0 to 1; the others are left out."""
        left_out = np.full(len(self.cues), -np.inf)
        for i, (forward, backward) in enumerate(zip(self.forward, self.backward, strict=True)):
            low = self.low[i]
            cues = np.flatnonzero((self.first_of_cue >= low) & (self.end_of_cue < self.high[i]))
            through = forward[self.first_of_cue[cues] - low] + backward[self.end_of_cue[cues] - low]
            left_out[cues] = np.logaddexp(left_out[cues], through + self.skips[cues] - self.total)
        return float(1 - np.exp(left_out).mean())
