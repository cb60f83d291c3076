"""What a transcription service answered: JSON from outside, of which only what is as expected is taken."""

import json
import math
import unicodedata
from typing import Any

from engines.recognition import Recognition, Word
from engines.recognizers import languages


def read(body: bytes, language: str | None) -> Recognition:
    """The answer as a recognition; `language`: what was asked for, else what the service says.

    Only the text must be there: words or figures that are not as expected are as if not given. Raises ValueError, whose
    message is part of a sentence, where it is no answer at all.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("no JSON") from error
    text = answer.get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise ValueError("JSON without a text")
    text = _legible(text)
    passages = [part for part in _list(answer, "segments") if isinstance(part, dict)]
    return Recognition(
        text.strip(),
        _words(answer) or tuple(word for part in passages for word in _words(part)),
        language or languages.code(answer.get("language")),
        _mean_log_probability(passages),
        max((value for part in passages if (value := _share(part.get("no_speech_prob"))) is not None), default=None),
    )


def _legible(text: str) -> str:
    """A text without control characters and halves of characters, which JSON can hold and UTF-8 cannot."""
    return "".join(letter for letter in text if letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cs"))


def _words(answer: dict) -> tuple[Word, ...]:
    """The words with their times, in order; none where one of them is not as expected."""
    words = []
    for entry in _list(answer, "words"):
        text = entry.get("word") if isinstance(entry, dict) else None
        if not isinstance(text, str):
            return ()
        start, end = _number(entry.get("start")), _number(entry.get("end"))
        if start is None or end is None or not 0 <= start <= end or (words and start < words[-1].start):
            return ()
        if text := _legible(text).strip():
            words.append(Word(text, start, end, _share(entry.get("probability"))))
    return tuple(words)


def _mean_log_probability(passages: list[dict]) -> float | None:
    """The mean of the passages' avg_logprob, each counted as often as it has tokens."""
    weighted = [
        (value, max(1, len(_list(part, "tokens"))))
        for part in passages
        if (value := _number(part.get("avg_logprob"))) is not None and value <= 0
    ]
    return sum(value * weight for value, weight in weighted) / sum(w for _, w in weighted) if weighted else None


def _list(answer: dict, name: str) -> list:
    return answer[name] if isinstance(answer.get(name), list) else []


def _number(value: Any) -> float | None:
    known = (
        isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9 and math.isfinite(value)
    )
    return float(value) if known else None


def _share(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and 0 <= number <= 1 else None
