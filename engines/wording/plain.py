"""Languages of num2words that have no rules here: whole numbers that stand alone, nothing else."""

import re
from functools import cache

from engines.wording import rules

ALONE = re.compile(rf"(?<!\S)[(\"'«„“]?(\d{{1,{rules.LONGEST}}})[)\"'»“”]?[.,;:!?…]*(?!\S)")


@cache
def languages() -> frozenset[str]:
    """The languages that num2words knows."""
    from num2words import CONVERTER_CLASSES

    return frozenset(name for name in CONVERTER_CLASSES if len(name) <= 3)


def worded(text: str, language: str) -> str | None:
    """`text` with its numbers in words; None where a digit stands in anything but a whole number."""
    try:
        text = ALONE.sub(lambda match: match[0].replace(match[1], _said(match[1], language)), text)
    except (NotImplementedError, OverflowError, ArithmeticError, ValueError, KeyError, IndexError):
        return None  # num2words' way to say that a number is beyond what it has of a language
    return None if any(letter.isdigit() for letter in text) else text


def _said(digits: str, language: str) -> str:
    if len(digits) > 1 and digits[0] == "0":
        raise ValueError(f"{digits} is no whole number")
    return rules.num2words(int(digits), language)
