"""Captions of all formats read into cues; what is broken, hostile or no speech in them."""

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import captions as beside
from pipeline.errors import VoxsieveError
from stages.transcribe import captions
from stages.transcribe.captions import Unreadable, tidy, vtt
from stages.transcribe.captions.cue import Cue

VTT = """WEBVTT

NOTE a remark

1
00:01.500 --> 00:03.000 align:start
<v Anna>Hello &amp; welcome.

01:00:02,250 --> 01:00:04,000
Second line
goes on.
"""
SRT = (
    "1\r\n00:00:01,500 --> 00:00:03,000\r\n{\\an8}Hello & welcome.\r\n"
    "2\r\n01:00:02,250 --> 01:00:04,000\r\nSecond line\r\ngoes on.\r\n"
)
JSON3 = json.dumps(
    {
        "events": [
            {"tStartMs": 0, "dDurationMs": 9000, "id": 1},
            {"tStartMs": 1500, "dDurationMs": 1500, "segs": [{"utf8": "Hello & welcome."}]},
            {"tStartMs": 3602250, "dDurationMs": 1750, "segs": [{"utf8": "Second line"}, {"utf8": "\ngoes on."}]},
        ]
    }
)
TTML = """<?xml version="1.0" encoding="utf-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:p="http://www.w3.org/ns/ttml#parameter" p:tickRate="1000">
<body><div><p begin="1.5s" dur="1500t">Hello <span>&amp; welcome.</span></p>
<p begin="01:00:02.250" end="01:00:04:00">- Second line<br/>- goes on.</p></div></body></tt>"""
LRC = "[ti:Title]\n[00:01.50]Hello & welcome.\n[00:03.00]\n[60:02.25]Second line goes on.\n[60:04.00]\n"
TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"
xmin = 0
xmax = 3700
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 3700
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 3700
            text = "x"
    item [2]:
        class = "IntervalTier"
        name = "utterances"
        xmin = 0
        xmax = 3700
        intervals: size = 3
        intervals [1]:
            xmin = 1.5
            xmax = 3
            text = "Hello & welcome."
        intervals [2]:
            xmin = 3
            xmax = 3602.25
            text = ""
        intervals [3]:
            xmin = 3602.25
            xmax = 3604
            text = "Second line goes on."
"""
SAID = [(1.5, 3.0, "Hello & welcome."), (3602.25, 3604.0, "Second line goes on.")]
FILES = {"vtt": VTT, "srt": SRT, "json3": JSON3, "ttml": TTML, "lrc": LRC, "TextGrid": TEXTGRID}


def read(tmp_path, content: bytes | str, name: str = "a.vtt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return captions.read(path)


@pytest.mark.parametrize("suffix", FILES)
def test_every_format_gives_the_same_cues(tmp_path, suffix):
    cues = read(tmp_path, FILES[suffix], f"a.{suffix}").cues
    assert [(cue.start, cue.end, cue.text) for cue in cues] == SAID


def test_numbers_with_an_exponent_are_times_of_a_textgrid(tmp_path):
    text = 'ooTextFile "IntervalTier" "text" 0 9 2 1.1102230246251565e-16 1.5 "one" 1.5 2e0 "two ""2"""'
    assert [tuple(cue)[:3] for cue in read(tmp_path, text, "a.TextGrid").cues] == [
        (pytest.approx(0), 1.5, "one"),
        (1.5, 2.0, 'two "2"'),
    ]


def test_behind_a_cue_without_text_neither_a_note_nor_a_name_is_said(tmp_path):
    text = "00:01.000 --> 00:02.000\n\n{}00:03.000 --> 00:04.000\nsaid\n"
    for between in ("NOTE a remark\n\n", "NOTE\na remark\n\n", "intro-2\n"):
        assert [cue.text for cue in read(tmp_path, text.format(between)).cues] == ["said"]


def test_every_suffix_that_is_found_has_a_reader(tmp_path):
    assert {suffix.lower() for suffix in beside.FORMATS} >= {f".{suffix.lower()}" for suffix in FILES}
    for suffix, module in beside.FORMATS.items():
        assert hasattr(__import__(f"stages.transcribe.captions.{module}", fromlist=["read"]), "read"), suffix


def test_captions_are_found_beside_a_recording_by_its_name(tmp_path):
    for name in ("a.mp3", "a.vtt", "a.ko.VTT", "a.pt-BR.srt", "b.mp3", "a.b.json3", "c.lrc", "a.txt", "a.ko.vtt.part"):
        (tmp_path / name).touch()
    (tmp_path / "b.vtt").symlink_to("nowhere")
    files = beside.beside([tmp_path / "a.mp3", tmp_path / "b.mp3"])
    assert {path.name: [file.name for file in names] for path, names in files.items()} == {
        "a.mp3": ["a.vtt", "a.ko.VTT", "a.b.json3", "a.pt-BR.srt"]
    }
    stated = [captions.language_of(file) for file in files[tmp_path / "a.mp3"]]
    assert stated == [None, "ko", None, "pt"]


def test_captions_that_are_away_are_not_taken_for_none(tmp_path):
    """Else a recording whose drive was away for a moment had no captions for good."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.vtt").touch()
    files = beside.beside([tmp_path / "in/a.mp3"])[tmp_path / "in/a.mp3"]
    assert len(beside.identities(files)) == 1
    (tmp_path / "in").rename(tmp_path / "away")
    with pytest.raises(VoxsieveError, match="in cannot be read now .*: bring its disk back"):
        beside.beside([tmp_path / "in/a.mp3"])
    with pytest.raises(FileNotFoundError):
        beside.identities(files)


def test_automatic_captions_that_roll_say_every_word_once(tmp_path):
    rolling = """WEBVTT
Kind: captions

00:00:00.000 --> 00:00:02.000 align:start position:0%
 
so<00:00:00.500><c> this</c><00:00:01.000><c> is</c>

00:00:02.000 --> 00:00:02.010 align:start position:0%
so this is
 

00:00:02.010 --> 00:00:04.000 align:start position:0%
so this is
what<00:00:02.500><c> he</c><00:00:03.000><c> said</c>

00:00:04.000 --> 00:00:04.010 align:start position:0%
what he said
 
"""
    cues = read(tmp_path, rolling).cues
    assert [cue.text for cue in cues] == ["so this is", "what he said"]
    assert cues[0].words == (("so", 0.0), ("this", 0.5), ("is", 1.0))
    assert cues[1].words == (("what", 2.01), ("he", 2.5), ("said", 3.0))
    plain = [Cue(i, i + 1, f"line {i}\nline {i + 1}") for i in range(6)]  # two lines are shown, one is new
    assert " ".join(cue.text for cue in tidy.cues(plain)[0]) == "line 0 " + " ".join(f"line {i}" for i in range(1, 7))
    said_twice = [Cue(0, 1, "Yes."), Cue(1, 2, "Yes."), *(Cue(i, i + 1, f"No {i}.") for i in range(2, 9))]
    assert len(tidy.cues(said_twice)[0]) == 9


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("[음악]", ""),
        ("(laughs) Well.", "Well."),
        ("♪ la la la ♪", ""),
        ("♪ no end", ""),
        ("Before ♪ sung ♪ after", "Before after"),
        (">> So,\n>> yes.", "So, yes."),
        ("- One\n– Two", "One Two"),
        ("MR. SMITH: Good day.", "Good day."),
        ("<i>Really</i> <00:01.000>now?", "Really now?"),
        ("&lt;b&gt; &quot;x&quot;", '<b> "x"'),
        ("...", ""),
        ("cafe\u0301\u200b\ufeff", "café"),
        ("*door closes* Hi.", "Hi."),
        ("-5 degrees\n- Cold.", "-5 degrees Cold."),
        ("&lrm;to&shy;day&#x202e; we", "today we"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("At 10:30 we met: twice.", "At 10:30 we met: twice."),
    ],
)
def test_what_is_not_said_goes_and_what_is_said_stays(text, spoken):
    assert tidy.spoken(text) == spoken


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp949", "latin-1"])
def test_an_encoding_that_ttml_declares_changes_no_letter(tmp_path, encoding):
    line = (
        "Gr\u00fc\u00dfe, sch\u00f6n."
        if encoding == "latin-1"
        else "이번 주말에 우리 미술관에 갈까요? 그럼 경복궁 어때요?"
    )
    text = f'<?xml version="1.0" encoding="{encoding}"?><tt><p begin="1s" end="2s">{line}</p></tt>'
    assert read(tmp_path, text.encode(encoding), "a.ttml").cues == [Cue(1.0, 2.0, line)]


def test_elements_that_lie_deep_in_each_other_are_read_in_one_go(tmp_path):
    deep = "<span>" * 200_000 + "said" + "</span>" * 200_000
    nested = "<p begin='3s' end='4s'>" * 100_000 + "nested" + "</p>" * 100_000
    cues = read(tmp_path, f"<tt><p begin='1s' end='2s'>{deep}</p>{nested}</tt>", "a.ttml").cues
    assert [cue.text for cue in cues] == ["said", "nested"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"WEBVTT\n\n", "no cue in it"),
        (b"WEBVTT\n\n00:05.000 --> 00:02.000\nbackwards\n\n-00:01.000 --> 00:01.000\nbefore\n", "no cue in it"),
        (b"\x00\x01\x02" * 400, "no cue in it|not in UTF-8"),
        (b"<html><body>404</body></html>", "no cue in it"),
        (b"WEBVTT\n\n00:00.000 --> 99:00:00.000\nalways\n", "no cue in it"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(tmp_path, content, said):
    with pytest.raises(Unreadable, match=said):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json3", '{"wrong": []}', "cannot be read as json3"),
        ("a.json3", "[" * 100_000, "cannot be read as json3"),
        ("a.json3", '{"events": [{"segs": [{"utf8": "x"}]}]}', "tStartMs"),
        ("a.json3", '{"events": [{"tStartMs": 1%s, "segs": [{"utf8": "x"}]}]}' % ("0" * 400), "OverflowError"),
        ("a.json3", '{"events": [{"tStartMs": NaN, "dDurationMs": 9, "segs": [{"utf8": "x"}]}]}', "no cue in it"),
        ("a.json3", '{"events": [{"tStartMs": 1e999, "dDurationMs": 9, "segs": [{"utf8": "x"}]}]}', "no cue in it"),
        ("a.vtt", "9999:00:00.000 --> 9999:00:01.000\nfar\n", "no cue in it"),
        ("a.ttml", "<tt><p begin='1s'", "cannot be read as ttml"),
        ("a.ttml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><tt><p begin="1s" end="2s">&a;</p></tt>', "document type"),
        ("a.TextGrid", "nothing", "ooTextFile"),
    ],
)
def test_a_broken_format_is_one_sentence(tmp_path, name, content, said):
    with pytest.raises(Unreadable, match=said):
        read(tmp_path, content, name)


@pytest.mark.parametrize("offset", ["NaN", "1e999", "9e15", "-9e15"])
def test_words_that_lie_far_from_their_cue_have_no_times(tmp_path, offset):
    segments = f'[{{"utf8": "one ", "tOffsetMs": 0}}, {{"utf8": "two", "tOffsetMs": {offset}}}]'
    event = f'{{"events": [{{"tStartMs": 1000, "dDurationMs": 2000, "segs": {segments}}}]}}'
    assert read(tmp_path, event, "a.json3").cues == [Cue(1.0, 3.0, "one two")]


def test_a_huge_file_is_not_read(tmp_path):
    with open(tmp_path / "a.vtt", "wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(Unreadable, match="200 MB long"):
        captions.read(tmp_path / "a.vtt")


@pytest.mark.parametrize(
    "unit", ["<", "(", "[", "♪", "<00:00.000>", "{\\", "&#", "-", "A", "00:00.000 --> ", "\n", "*a", '"', "<c"]
)
def test_hostile_files_cost_little_time(tmp_path, unit):
    """A megabyte of what makes patterns backtrack, in every format."""
    body = "WEBVTT\n\n00:01.000 --> 00:02.000\n" + unit * (1_000_000 // len(unit))
    began = time.process_time()
    for suffix in FILES:
        with contextlib.suppress(Unreadable):
            read(tmp_path, "ooTextFile\n" + body if suffix == "TextGrid" else body, f"a.{suffix}")
    assert time.process_time() - began < 30  # not a measure of speed: what backtracks takes hours


def test_cues_of_many_lines_that_roll_cost_little_time(tmp_path):
    """Each begins with the last line of the one before and agrees with it in no other."""
    lines = "x\n" * 60_000
    cues = "".join(f"00:0{i}.000 --> 00:0{i}.900\n{i}\n{lines}{i + 1}\n\n" for i in range(4))
    began = time.process_time()
    assert [cue.text[:3] for cue in read(tmp_path, cues).cues][0] == "0 x"
    assert time.process_time() - began < 10  # not a measure of speed: it took minutes, and hours for a larger file


@given(st.text(max_size=300))
def test_whatever_stands_in_a_file_gives_cues_or_nothing(text):
    for cue in tidy.cues(vtt.read("00:01.000 --> 00:02.000\n" + text))[0]:
        assert 0 <= cue.start < cue.end and cue.text == " ".join(cue.text.split()) != ""
