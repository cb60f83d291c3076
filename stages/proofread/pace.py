"""How fast each voice speaks, in characters a second, and how far a text is from that. Pure functions."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from engines.textmeasures import TOLD, letters

LEAST_IQR = 0.15  # of logarithms: a few clips that happen to be alike say little about a voice


@dataclass(frozen=True)
class Pace:
    """The quartiles of the logarithms of characters a second."""

    low: float
    high: float

    def distance(self, rate: float) -> float:
        """How many interquartile ranges a rate lies outside the quartiles; 0 inside."""
        outside = max(self.low - rate, rate - self.high, 0.0)
        return outside / max(self.high - self.low, LEAST_IQR)


def rate(text: str, seconds: float) -> float | None:
    """The logarithm of a text's characters a second, None where it has none."""
    count = len(letters(text))
    return math.log(count / seconds) if count and seconds > 0 else None


def of_voices(rates: Iterable[tuple[str, str, float]]) -> dict[tuple[str, str], Pace]:
    """(voice, language) -> its pace, from (voice, language, rate) of all texts.

    A voice with fewer than TOLD clips has the pace of all voices of the language; a language with fewer has none.
    """
    by_voice: dict[tuple[str, str], list[float]] = {}
    by_language: dict[str, list[float]] = {}
    for voice, language, value in rates:
        by_voice.setdefault((voice, language), []).append(value)
        by_language.setdefault(language, []).append(value)
    enough = {
        key: values if len(values) >= TOLD else by_language[key[1]]
        for key, values in by_voice.items()
        if len(by_language[key[1]]) >= TOLD
    }
    return {key: Pace(*np.percentile(values, [25, 75])) for key, values in enough.items()}
