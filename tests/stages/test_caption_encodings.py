"""Captions in other encodings: read where the encoding is certain, refused where other letters may be meant."""

import pytest

from stages.transcribe import captions
from stages.transcribe.captions import Unreadable, encoding

KOREAN = "이번 주말에 우리 미술관에 갈까요? 그럼 경복궁 어때요?\n"
LINES = {
    "cp949": KOREAN,
    "gb18030": "这个周末我们去美术馆好吗？那很好。\n",
    "cp932": "今週末に美術館に行きましょうか。それはいいですね。\n",
    "cp1251": "Привет, как дела у вас сегодня? Мы идём в музей.\n",
    "cp1252": "Voilà, c'était très bien à l'école où j'étais hier.\n",
    "cp1253": "Καλημέρα, τι κάνετε σήμερα;\n",
    "cp1256": "مرحبا، كيف حالك اليوم؟\n",
}


def read(tmp_path, content: bytes):
    path = tmp_path / "a.vtt"
    path.write_bytes(content)
    return captions.read(path)


def vtt(line: str, count: int) -> str:
    return "WEBVTT\n\n" + "".join(
        f"{i // 60:02}:{i % 60:02}.000 --> {i // 60:02}:{i % 60:02}.900\n{line}\n" for i in range(count)
    )


@pytest.mark.parametrize("known", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_other_encodings_are_read_and_told(tmp_path, known):
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "이번 주말에 우리 미술관에 갈까요? 그럼 경복궁 어때요?\n" * 5
    result = read(tmp_path, text.encode(known))
    assert result.cues[0].text.startswith("이번 주말에 우리 미술관에 갈까요?")
    assert bool(result.repairs) == (known == "cp949")


@pytest.mark.parametrize("legacy", LINES)
@pytest.mark.parametrize("count", [1, 10, 200])
def test_a_guess_never_reads_other_letters(tmp_path, legacy, count):
    try:
        cues = read(tmp_path, vtt(LINES[legacy], count).encode(legacy)).cues
    except Unreadable as error:
        assert "save it in UTF-8" in str(error)
    else:
        assert {cue.text for cue in cues} == {LINES[legacy].strip()}


@pytest.mark.parametrize("sample", range(2000, 2012))
def test_long_files_are_guessed_from_whole_characters(tmp_path, sample, monkeypatch):
    monkeypatch.setattr(encoding, "SAMPLE", sample)
    result = read(tmp_path, vtt(KOREAN * 4, 50).encode("cp949"))
    assert result.cues[0].text.startswith(KOREAN.strip()) and "cp949" in result.repairs[0]


def test_a_torn_character_costs_its_cue_and_no_other(tmp_path):
    lines = [f"{i}번째 문장입니다." for i in range(60)]
    content = "".join(f"00:{i:02}.000 --> 00:{i:02}.900\n{line}\n\n" for i, line in enumerate(lines)).encode()
    torn = content.replace("7번째".encode(), "7번째".encode()[:3] + "째".encode(), 1).rstrip()[:-2]
    result = read(tmp_path, torn)
    said = [cue.text for cue in result.cues]
    assert said == [line for i, line in enumerate(lines) if i not in (7, 59)]
    assert result.repairs == ["2 cues left out: characters that cannot be read"]
