"""Texts as words that can be aligned with speech: how long each takes to say, and how likely a pause follows it."""

import unicodedata
from dataclasses import dataclass

import numpy as np

from stages.transcribe.captions.cue import Cue

NO_BREAK, COMMA, SENTENCE, CUE = range(4)  # what follows a word
_STOPS, _COMMAS = frozenset(".?!。？！…"), frozenset(",;:，、；：—–")
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO ", "KHMER", "MYANMAR")  # scripts without spaces between words
_SYLLABLES = {"HANGUL": 1.0, "CJK": 1.3, "HIRAGANA": 0.8, "KATAKANA": 0.8}  # spoken in a character
LETTER, DIGIT = 0.38, 1.6  # syllables in a letter of an alphabet, in a digit


@dataclass(frozen=True)
class Words:
    """The words of captions: `texts` as written, `joined` to the word before without a space or not; each (n,).

    `syllables`: how long each takes to say; `breaks`: what follows each; `cue`: the cue that it belongs to; `start`:
    seconds at which the captions have it begin; `timed`: whether the captions tell that of the word itself.
    """

    texts: list[str]
    joined: np.ndarray
    syllables: np.ndarray
    breaks: np.ndarray
    cue: np.ndarray
    start: np.ndarray
    timed: np.ndarray

    def text(self, first: int, stop: int) -> str:
        """The words first..stop - 1 as one text."""
        parts = [("" if self.joined[i] or i == first else " ") + self.texts[i] for i in range(first, stop)]
        return "".join(parts)


def syllables(text: str) -> float:
    """About how many syllables it takes to say a text, in any script; 0 where nothing in it is said."""
    count = 0.0
    for character in text:
        if character.isdigit():
            count += DIGIT
        elif character.isalpha():
            name = unicodedata.name(character, "")
            count += next((weight for script, weight in _SYLLABLES.items() if name.startswith(script)), LETTER)
        elif unicodedata.category(character) in ("Sc", "So") or character in "%&+@":
            count += 2
    return count


def tokens(text: str) -> list[tuple[str, bool]]:
    """(word, whether it is joined to the one before) of a text; in scripts without spaces every character is a word."""
    parts: list[tuple[str, bool]] = []
    for word in text.split():
        before = ""  # the last letter or digit of the word so far
        for number, character in enumerate(word):
            parted = before and character.isalnum() and (_unspaced(character) or _unspaced(before))
            if number and not parted:
                parts[-1] = (parts[-1][0] + character, parts[-1][1])
            else:
                parts.append((character, number > 0))
            before = character if character.isalnum() else before
    return parts


def _unspaced(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_UNSPACED)


def break_after(word: str) -> int:
    """What kind of pause the punctuation at a word's end asks for."""
    tail = word.rstrip("\"'”’»)]」』")[-1:]
    return SENTENCE if tail in _STOPS else COMMA if tail in _COMMAS else NO_BREAK


def of_cues(cues: list[Cue]) -> Words:
    """The words of cues, in their order; inside a cue time passes as syllables do."""
    texts, joined, weights, breaks, numbers, starts, timed = [], [], [], [], [], [], []
    for number, cue in enumerate(cues):
        parts = tokens(cue.text)
        at = dict.fromkeys(range(len(parts)))
        if cue.words and len(cue.words) == len(parts):
            at = {index: start for index, (_, start) in enumerate(cue.words)}
        spent = np.cumsum([0.0, *(max(syllables(word), 0.1) for word, _ in parts)])
        for index, (word, glued) in enumerate(parts):
            told = at[index]
            share = spent[index] / spent[-1]
            texts.append(word)
            joined.append(glued)
            weights.append(spent[index + 1] - spent[index])
            breaks.append(CUE if index == len(parts) - 1 else break_after(word))
            numbers.append(number)
            starts.append(cue.start + share * (cue.end - cue.start) if told is None else told)
            timed.append(told is not None)
    return Words(texts, *(np.array(column) for column in (joined, weights, breaks, numbers, starts, timed)))
