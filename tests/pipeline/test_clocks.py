"""Every container and codec on the clock that a player shows: files that ffmpeg makes, to the millisecond."""

import pytest

from benchmarks import clocks

# benchmarks.clocks has all of them; these are the containers and what is particular about their clocks.
CHOSEN = """WAV, 16 bit|AIFF|FLAC|Ogg, Vorbis|Ogg, Opus|Ogg, Speex, 16 kHz|MP3, CBR|AAC in ADTS|M4A, AAC|MOV, PCM|AMR-NB
AC-3|Matroska, AAC|WebM, Opus|WMA 2|MPEG-TS, AAC|AVI, MP3|MP4, AAC, sound 2 s after the picture
Matroska, Opus, sound 2 s after the picture|MPEG-TS, MP2, sound 2 s after the picture
MPEG-PS, MP2, sound 2 s after the picture|WMV, WMA 2, sound 2 s after the picture|MP4, AAC, 3 s missing in the stamps
Matroska, AAC, 3 s missing in the stamps|MPEG-TS, AAC, 3 s missing in the stamps|WMA 2, 0.25 s missing in the stamps"""
CASES = {case.name: case for case in clocks.CASES}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("clocks") / "source.wav"
    clocks.write_source(path)
    return path


@pytest.mark.parametrize("name", CHOSEN.replace("\n", "|").split("|"))
def test_a_sound_lies_where_a_player_has_it(tmp_path, source, name):
    error, delay = clocks.measure(CASES[name], source, tmp_path)
    assert abs(error) <= 1e-3
    # What the file does not tell of is an encoder's delay, and never the seconds that are late or missing.
    assert abs(delay) < 0.05
