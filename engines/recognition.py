"""What a recogniser returns for one clip."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A word as it was heard, from `start` to `end` seconds of the clip; `probability` 0 to 1, None where not given."""

    text: str
    start: float
    end: float
    probability: float | None = None


@dataclass(frozen=True)
class Recognition:
    """What a recogniser heard in one clip; what it does not tell is None.

    `words`: in their order, empty where the recogniser gives no times; `language`: ISO 639-1; `log_probability`: mean
    over the tokens, natural logarithm; `no_speech`: probability, 0 to 1, that nobody speaks.
    """

    text: str
    words: tuple[Word, ...] = ()
    language: str | None = None
    log_probability: float | None = None
    no_speech: float | None = None
