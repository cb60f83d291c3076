"""The language of a text where nobody has told it, as far as its script alone does."""

import unicodedata
from collections import Counter

# Scripts that one language is written in; kana decides where Japanese mixes them with Chinese characters.
BY_SCRIPT = {"HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "THAI": "th", "HEBREW": "he", "GREEK": "el"}


def by_script(text: str) -> str | None:
    """ISO 639-1 of the language that most letters of such a script belong to, None where there are none."""
    scripts = (unicodedata.name(character, "").partition(" ")[0] for character in text if character.isalpha())
    counts = Counter(BY_SCRIPT[script] for script in scripts if script in BY_SCRIPT)
    return counts.most_common(1)[0][0] if counts else None
