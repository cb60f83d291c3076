"""The normalised form of a text: what is written in digits and abbreviations, written as it is said.

English, German and Korean have a module of rules each, named by its code, with `RULES`: patterns and what they become,
in the order in which they are applied. In the other languages of num2words whole numbers that stand alone become words.
docs/texts.md has a table of examples.
"""

import importlib
import unicodedata
from functools import cache

from engines.wording import plain
from engines.wording.rules import Rule

WITH_RULES = ("de", "en", "ko")


def normalized(text: str, language: str | None) -> str | None:
    """`text` without digits, in NFC, its white space single; None where that cannot be had.

    That is where the language (ISO 639-1) is unknown or not num2words', or, in a language without rules of its own,
    where digits are more than whole numbers that stand alone. In de, en and ko no digit is ever left.
    """
    text = cleaned(text)
    if language in WITH_RULES:
        for pattern, say in _rules(language):
            text = pattern.sub(say, text)
    elif language in plain.languages():
        text = plain.worded(text, language)
    else:
        return None
    return None if text is None else cleaned(text)


def cleaned(text: str) -> str:
    """`text` in NFC, with digits of all scripts as 0 to 9, runs of white space as one space, none at the ends."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)
    return " ".join(text.split())


@cache
def _rules(language: str) -> tuple[Rule, ...]:
    return importlib.import_module(f"engines.wording.{language}").RULES
