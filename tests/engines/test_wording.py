"""The normalised form of texts: the table of docs/texts.md, and what holds for every text."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import wording
from engines.wording import normalized

PAGE = (Path(__file__).parents[2] / "docs" / "texts.md").read_text(encoding="utf-8")
TABLES = re.findall(r"^### \w+ \((\w+)\).*\n\n\|.*\n\|.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
EXAMPLES = [
    (language, *(cell.strip() for cell in line.strip("|\n").split(" | ")))
    for language, table in TABLES
    for line in table.splitlines()
]
# What rules look for, in any order and neighbourhood.
PIECES = st.sampled_from(
    """
    $ € £ ₩ % ° °C ² ½ ① 1st 2nd 3rd th am p.m. Uhr Mio. km km/h kg No. # Mr. z. B. Jan. March Mai der am im in
    시 분 번 번째 월 일 년 만 억 천 살 대 제 ~ - – . , : / + = × ( ) ' 0 1 2 10 12 31 007 100 999 1984 2024 1,234
    1.234 3.14 3,5 12:30 1/2 2024-03-05 3.10.2024 010-1234-5678 99999999999999999999 ٣ ７ m s h one eins 하나 ..
    """.split()
)
TEXTS = st.lists(st.tuples(PIECES | st.text(max_size=4), st.sampled_from(["", " "])), max_size=12).map(
    lambda pairs: "".join(piece + gap for piece, gap in pairs)
)


@pytest.mark.parametrize(("language", "written", "said"), EXAMPLES)
def test_the_table_of_the_page(language, written, said):
    assert normalized(written, language) == (None if said == "stays raw" else said)
    assert normalized(said, language) == said


def test_the_page_has_tables_of_all_languages_with_rules():
    assert {language for language, _ in TABLES} >= set(wording.WITH_RULES) and len(EXAMPLES) > 70


@settings(max_examples=300)
@given(text=TEXTS, language=st.sampled_from(wording.WITH_RULES))
def test_no_digit_is_left(text, language):
    said = normalized(text, language)
    assert not any(letter.isdigit() for letter in said), said
    assert said == unicodedata.normalize("NFC", said) == " ".join(said.split())


@given(text=st.text(alphabet=st.characters(categories=["Ll", "Lu", "Lo"]), max_size=40))
def test_words_alone_are_only_cleaned(text):
    for language in wording.WITH_RULES:
        assert normalized(text, language) == wording.cleaned(text)


@given(text=TEXTS, language=st.sampled_from(["fr", "ja", "ru", "ar", "th", "tet"]))
def test_a_language_without_rules_has_words_or_stays_raw(text, language):
    said = normalized(text, language)
    assert said is None or not any(letter.isdigit() for letter in said)


def test_a_language_that_num2words_lacks_stays_raw():
    assert normalized("hello", None) is None and normalized("halo", "haw") is None
    assert normalized("J'ai vingt chats.", "fr") == "J'ai vingt chats."


def test_composed_and_decomposed_letters_and_digits_of_other_scripts():
    decomposed = unicodedata.normalize("NFD", "3시")
    assert normalized(decomposed, "ko") == normalized("３시", "ko") == "세 시"


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "piece", ["1", "1.", "1,", "1:", "1/", "1-", "-", " ", "$", "1 ", "am ", "1,234", "11.11.", "번1", "&"]
)
@pytest.mark.parametrize("language", wording.WITH_RULES)
def test_hostile_texts_end_soon(language, piece):
    text = (piece * 20_000)[:20_000]
    assert not any(letter.isdigit() for letter in normalized(text, language))
