"""Error rates and the judgement of a gate on texts of known errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.texts import Text, character_error_rate, comparable, gate, rates


def test_what_sounds_the_same_is_the_same():
    assert comparable("Don't pay $5, at 10:30!", "en") == comparable("dont pay five dollars at ten thirty", "en")
    assert comparable("3시 30분에 만나요.", "ko") == comparable("세 시 삼십 분에 만나요", "ko")
    assert comparable("Straße", "de") == comparable("STRASSE", "de")
    assert comparable("हिन्दी", "hi") == "हिन्दी"


def test_known_errors_by_source():
    texts = [
        Text("a", "whisper", "en", "one two three four", "one two free four"),
        Text("b", "whisper", "en", "five six", "Five, six."),
        Text("c", "captions", "ko", "안녕 하세요", "안녕하세요"),
        Text("d", "captions", "ko", "잘 가요", "잘"),
        Text("e", "pocketsphinx", "en", "hello", ""),
    ]
    found = rates(texts)
    assert list(found) == ["captions", "pocketsphinx", "whisper"]
    assert found["whisper"].wer == pytest.approx(1 / 6) and found["whisper"].ends == 0
    assert found["whisper"].cer == pytest.approx(2 / 26)  # th to f
    assert found["captions"].cer == pytest.approx(2 / 8) and found["captions"].ends == 0.5
    assert (found["pocketsphinx"].wer, found["pocketsphinx"].cer, found["pocketsphinx"].clips) == (1, 1, 1)


def test_without_truth_there_are_no_rates():
    found = rates([Text("a", "http", "en", "", "something")])["http"]
    assert (found.clips, found.wer, found.cer, found.ends) == (1, None, None, None)


def test_precision_and_recall_of_a_gate():
    right = [Text(f"r{at}", "captions", "en", "so it is", "So it is.", kept=at != 0) for at in range(6)]
    wrong = [Text(f"w{at}", "captions", "en", "so it is", "so it is not", kept=at == 0) for at in range(4)]
    found = gate(right + wrong)
    assert (found.texts, found.wrong, found.dropped) == (10, 4, 4)
    assert (found.precision, found.recall, found.kept_share) == (0.75, 0.75, 0.6)
    assert gate(right + wrong, tolerated=0.6).wrong == 0
    assert gate(right[1:]).precision is None and gate([]).recall is None


@given(text=st.text(max_size=30), language=st.sampled_from(["en", "de", "ko", "fr", None]))
def test_a_text_has_no_errors_against_itself(text, language):
    said = comparable(text, language)
    assert said == comparable(said, None) and character_error_rate(text, text, language) == 0
