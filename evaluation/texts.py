"""Texts against what was really said: word and character error rates by source, and how well a gate finds wrong texts.

Before two texts are compared, both are brought to what a listener would hear as the same: numbers in words where
engines/wording knows the language, case and punctuation gone. Rates are jiwer's: substitutions, deletions and
insertions over the length of the truth, summed over the clips before they are divided.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from engines import wording

WITHOUT_SPACES = ("ko", "ja", "zh", "th")  # where the space between words is a matter of taste, or is not written


@dataclass(frozen=True)
class Text:
    """A clip's text from one source and the true one; `kept`: whether the gate let it through."""

    id: str
    source: str
    language: str | None
    truth: str
    text: str
    kept: bool = True


@dataclass(frozen=True)
class Rates:
    """Of the texts of one source: how many, their word and character error rates (None without any truth).

    `ends`: share of the clips whose first or last word is not the true one.
    """

    clips: int
    wer: float | None
    cer: float | None
    ends: float | None


@dataclass(frozen=True)
class Gate:
    """How well wrong texts were found; precision and recall are None where nothing was dropped, or nothing wrong."""

    texts: int
    wrong: int
    dropped: int
    precision: float | None
    recall: float | None

    @property
    def kept_share(self) -> float:
        return 1 - self.dropped / self.texts if self.texts else 0.0


def comparable(text: str, language: str | None) -> str:
    """A text as it is compared: in words, lower case, letters and digits alone, single spaces.

    An apostrophe inside a word goes without a gap (don't, dont), other signs part words.
    """
    text = wording.normalized(text, language) or wording.cleaned(text)
    text = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("\u2019", "")
    # Marks belong to letters: without them, vowels of Hindi or Thai would part words.
    letters = (letter if letter.isalnum() or unicodedata.category(letter)[0] == "M" else " " for letter in text)
    return " ".join("".join(letters).split())


def character_error_rate(truth: str, text: str, language: str | None) -> float:
    """The character error rate of one text; 1 where the truth is empty and the text is not."""
    import jiwer

    return float(jiwer.cer(*(_letters(comparable(line, language), language) for line in (truth, text))))


def rates(texts: Iterable[Text]) -> dict[str, Rates]:
    """The error rates by source, sources in alphabetical order."""
    by_source = defaultdict(list)
    for text in texts:
        by_source[text.source].append(text)
    return {source: _rates(by_source[source]) for source in sorted(by_source)}


def gate(texts: Iterable[Text], tolerated: float = 0.0) -> Gate:
    """How well what was not kept agrees with what is wrong: a character error rate above `tolerated`."""
    texts = list(texts)
    wrong = {at for at, text in enumerate(texts) if _is_wrong(text, tolerated)}
    dropped = {at for at, text in enumerate(texts) if not text.kept}
    hits = len(wrong & dropped)
    precision = hits / len(dropped) if dropped else None
    return Gate(len(texts), len(wrong), len(dropped), precision, hits / len(wrong) if wrong else None)


def _is_wrong(text: Text, tolerated: float) -> bool:
    return character_error_rate(text.truth, text.text, text.language) > tolerated


def _rates(texts: list[Text]) -> Rates:
    import jiwer

    truths = [comparable(text.truth, text.language) for text in texts]
    said = [comparable(text.text, text.language) for text in texts]
    if not any(truths):
        return Rates(len(texts), None, None, None)
    ends = [not _same_ends(*row) for row in zip(truths, said, (text.language for text in texts), strict=True)]
    letters = [
        [_letters(line, text.language) for line, text in zip(lines, texts, strict=True)] for lines in (truths, said)
    ]
    return Rates(len(texts), float(jiwer.wer(truths, said)), float(jiwer.cer(*letters)), sum(ends) / len(ends))


def _same_ends(truth: str, said: str, language: str | None) -> bool:
    """Whether the first and the last word agree, however a language parts its words."""
    ours, theirs = truth.split() or [""], said.split() or [""]
    if language not in WITHOUT_SPACES or not truth or not said:
        return (ours[0], ours[-1]) == (theirs[0], theirs[-1])
    begins = "".join(ours).startswith(theirs[0]) and "".join(theirs).startswith(ours[0])
    return begins and "".join(ours).endswith(theirs[-1]) and "".join(theirs).endswith(ours[-1])


def _letters(line: str, language: str | None) -> str:
    """A comparable text as its characters are counted."""
    return line.replace(" ", "") if language in WITHOUT_SPACES else line
