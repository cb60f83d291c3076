"""What the rules of all languages are made of: patterns in bounded time, and numbers as num2words says them."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

Rule = tuple[re.Pattern, Callable[[re.Match], str]]
LONGEST = 15  # digits of a number that is said as a number; a longer one is said digit by digit
START = r"(?<![\d.,:/])"  # no number goes on to the left, so each run of digits is looked at once
END = r"(?![\d])"


def rule(pattern: str, say: Callable[[re.Match], str], flags: int = 0) -> Rule:
    """A rule: what the pattern matches becomes what `say` makes of it."""
    return re.compile(pattern, flags), say


def one_of(names: Iterable[str]) -> str:
    """A group that matches one of the names, the longest first."""
    return "(" + "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) + ")"


def replacements(table: dict[str, str], before: str = r"(?<![^\W\d])", after: str = r"(?![^\W\d])") -> Rule:
    """A rule that writes out the keys of a table, where no letter stands beside them."""
    return rule(before + one_of(table) + after, lambda match: table[match[1]])


@lru_cache(10_000)
def num2words(number: int, language: str, to: str = "cardinal") -> str:
    """A whole number in words, as num2words has it."""
    from num2words import num2words as words

    return words(number, lang=language, to=to)


def spelled(digits: str, names: list[str]) -> str:
    """Digits one after the other; `names` from zero to nine, other characters are left out."""
    return " ".join(names[int(digit)] for digit in digits if digit in "0123456789")


def as_numbers(text: str) -> str:
    """Characters such as ² and ① as digits of their own; anything else that counts as a digit as a blank."""
    return "".join(_as_number(letter) if letter.isdigit() and letter not in "0123456789" else letter for letter in text)


def _as_number(letter: str) -> str:
    value = unicodedata.normalize("NFKC", letter)
    return f" {value} " if value.isascii() and value.isdigit() else f" {unicodedata.digit(letter)} "


LEFT = rule(r".+", lambda match: as_numbers(match[0]), re.DOTALL)  # before the last rules: no digit in disguise is left
