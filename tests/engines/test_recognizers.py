"""What all recognisers share, what keeps one from being used, and how their environment's answers are read."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engines import recognizers
from engines.recognition import Recognition, Word
from engines.recognizers import answers, http, languages, whisper
from engines.recognizers.settings import HttpSettings, WhisperSettings
from pipeline.errors import ModelError


def test_every_recogniser_is_found_and_can_be_asked_what_it_lacks_without_its_packages():
    assert list(recognizers.known()) == ["http", "pocketsphinx", "whisper"]
    assert recognizers.known()["pocketsphinx"].understands("en") and recognizers.known()["whisper"].understands("ko")
    assert not recognizers.known()["pocketsphinx"].understands("ko")
    for name, about in recognizers.known().items():
        module = recognizers.module(name)
        assert about.what == module.RECOGNIZER and module.Recognizer.SAMPLE_RATE == recognizers.RATE
        assert callable(module.check)


def test_a_whisper_model_that_is_not_there_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("VOXSIEVE_CACHE", str(tmp_path))
    assert "whisper.model" in whisper.check(WhisperSettings())
    assert "`python -m install.recognizers small`" in whisper.check(WhisperSettings(model="small"))
    assert whisper.check(WhisperSettings(model="/nowhere")).startswith("There is no folder /nowhere")
    assert "model.bin is missing" in whisper.check(WhisperSettings(model=str(tmp_path)))
    for name in whisper.FILES:
        (tmp_path / "whisper" / "owner--name").mkdir(parents=True, exist_ok=True)
        (tmp_path / "whisper" / "owner--name" / name).touch()
    assert whisper.check(WhisperSettings(model="owner/name")) is None
    with pytest.raises(ModelError, match="neither a folder nor"):
        whisper.Recognizer(WhisperSettings(model="small"))


def test_an_address_with_a_password_or_of_another_kind_is_refused():
    for url in ("ftp://host/x", "http://user:word@host/", "host/path", "http://"):
        with pytest.raises(ValidationError, match="expected http"):
            HttpSettings(url=url)
    assert "http.url" in http.check(HttpSettings())


def test_a_key_that_is_missing_or_no_key_is_one_sentence_without_it(monkeypatch):
    settings = HttpSettings(url="http://127.0.0.1:1/", key_variable="SOME_KEY")
    monkeypatch.delenv("SOME_KEY", raising=False)
    assert "SOME_KEY" in http.check(settings)
    monkeypatch.setenv("SOME_KEY", "secret\nX-Other: 1")
    assert "secret" not in http.check(settings)
    monkeypatch.setenv("SOME_KEY", "secret\n")
    assert http.check(settings) is None
    assert http.announce(settings, 12, 61.7) == "12 clips, 62 s of speech, will be sent to 127.0.0.1:1."


def test_an_answer_with_words_and_figures():
    body = {
        "text": " Hello there. ",
        "language": "English",
        "words": [
            {"word": " Hello", "start": 0, "end": 0.4, "probability": 0.9},
            {"word": "there.", "start": 0.4, "end": 1},
        ],
        "segments": [
            {"avg_logprob": -0.2, "tokens": [1, 2, 3], "no_speech_prob": 0.1},
            {"avg_logprob": -0.6, "tokens": [1], "no_speech_prob": 0.3},
        ],
    }
    heard = answers.read(json.dumps(body).encode(), None)
    assert heard.text == "Hello there." and heard.language == "en" and heard.no_speech == 0.3
    assert heard.words == (Word("Hello", 0.0, 0.4, 0.9), Word("there.", 0.4, 1.0))
    assert heard.log_probability == pytest.approx(-0.3)
    assert answers.read(json.dumps(body).encode(), "de").language == "de"
    within = {"text": "a", "segments": [{"words": body["words"]}]}
    assert len(answers.read(json.dumps(within).encode(), None).words) == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'"text"', b'{"text": 1}', b'{"error": {}}', b"\xff\xfe", b"[" * 100_000, b'{"text": '],
)
def test_what_is_no_answer(body):
    with pytest.raises(ValueError):
        answers.read(body, None)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["word", "start", "end", "probability", "avg_logprob", "tokens"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(words=JUNK | st.lists(JUNK), segments=JUNK | st.lists(JUNK), language=JUNK)
def test_whatever_stands_beside_the_text_the_text_is_taken(words, segments, language):
    body = json.dumps({"text": "so", "words": words, "segments": segments, "language": language}).encode()
    heard = answers.read(body, None)
    assert heard.text == "so" and (heard.language is None or heard.language in languages.NAMES.values())
    assert all(0 <= word.start <= word.end and math.isfinite(word.end) for word in heard.words)
    assert heard.log_probability is None or heard.log_probability <= 0


def test_languages_by_code_and_name():
    assert [languages.code(name) for name in ("en", "Korean", "haitian creole", "xx", None, 3)] == [
        "en", "ko", "ht", None, None, None,
    ]  # fmt: skip
    assert len(languages.NAMES) == 100


def test_an_answer_with_half_a_character_or_a_bell_can_be_written():
    heard = answers.read(rb'{"text": "a\ud800b \u0007c", "words": [{"word": "a\ud800b", "start": 0, "end": 1}]}', "en")
    assert heard.text == "ab c" and heard.words == (Word("ab", 0.0, 1.0),)


def test_an_answer_of_nothing_is_a_recognition_of_nothing():
    assert answers.read(b'{"text": ""}', "en") == Recognition("", language="en")
