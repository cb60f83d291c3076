"""The letters that a language is written with, so that the report can say which of them a corpus lacks.

Of Korean the parts of syllables (Unicode's conjoining jamo), which say more than the 11,172 syllables; of Japanese the
kana. Source: the exemplar characters of Unicode CLDR, main set.
"""

import unicodedata

_LATIN = "abcdefghijklmnopqrstuvwxyz"
LETTERS = {
    "en": _LATIN,
    "de": _LATIN + "äöüß",
    "fr": _LATIN + "àâæçéèêëîïôœùûü",
    "es": _LATIN + "áéíóúüñ",
    "it": _LATIN + "àéèìóòù",
    "nl": _LATIN + "áäéëíïóöúü",
    "pt": _LATIN + "áâãàçéêíóôõú",
    "pl": "aąbcćdeęfghijklłmnńoóprsśtuwyzźż",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "ko": "".join(map(chr, (*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A8, 0x11C3)))),
    "ja": "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30F5)))),
}


def parts(text: str, language: str) -> str:
    """The characters of a text as they are counted: lower case; of Korean the parts of each syllable."""
    return unicodedata.normalize("NFD" if language == "ko" else "NFC", text.casefold())


def shown(character: str) -> str:
    """A character as it is read alone: of a part of a Korean syllable the letter, with a line before a final."""
    letter = unicodedata.normalize("NFKC", character)
    name = unicodedata.name(character, "")
    if name.startswith("HANGUL JONGSEONG"):
        return "-" + _compatible(name.replace("JONGSEONG", "LETTER"), letter)
    if name.startswith("HANGUL CHOSEONG") or name.startswith("HANGUL JUNGSEONG"):
        return _compatible(name.replace("CHOSEONG", "LETTER").replace("JUNGSEONG", "LETTER"), letter)
    return letter


def _compatible(name: str, otherwise: str) -> str:
    """The character of a name, where there is one."""
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return otherwise
