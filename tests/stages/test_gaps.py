"""What a recording's time stamps leave out stands as silence, is known to the index, and becomes rejects `gap`."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import clocks
from pipeline import ffmpeg, manifest, rows
from stages.index import examine
from stages.slice import cut
from tests.conftest import program

CASES = {case.name: case for case in clocks.CASES}


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("MP4, AAC, 3 s missing in the stamps", 2.825, 5.825),
        ("WebM, Opus, 3 s missing in the stamps", 2.825, 5.825),
        ("WMA 2, 3 s missing in the stamps", 2.825, 5.825),
        ("MPEG-TS, AAC, 0.25 s missing in the stamps", 2.825, 3.075),
        ("Matroska, AAC, sound 2 s after the picture", 0.0, 2.0),
        ("MPEG-TS, AAC, sound 2 s after the picture", 0.0, 2.0),
    ],
)
def test_the_index_knows_what_the_stamps_leave_out(tmp_path, name, start, end):
    case = CASES[name]
    clocks.write_source(tmp_path / "source.wav")
    path = tmp_path / f"a.{case.suffix}"
    clocks.write(case, tmp_path / "source.wav", path)
    facts = examine.examine(path)
    assert facts["gaps"] == [[pytest.approx(start, abs=0.2), pytest.approx(end, abs=0.2)]]
    (gap,) = facts["gaps"]
    assert gap[1] - gap[0] == pytest.approx(end - start, abs=0.03)
    assert facts["duration"] == pytest.approx(clocks.SECONDS + case.late + case.gap, abs=0.1)


def test_digital_silence_is_no_gap(tmp_path):
    sound = np.random.default_rng(0).uniform(-0.3, 0.3, 6 * 44100)
    sound[2 * 44100 : 4 * 44100] = 0
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, sound, 44100)
        assert examine.examine(tmp_path / name)["gaps"] == []
    ffmpeg.run(["-v", "error", "-i", str(tmp_path / "a.wav"), "-c:a", "pcm_s16le", str(tmp_path / "a.mka")])
    assert examine.examine(tmp_path / "a.mka")["gaps"] == []


PLACES = st.lists(st.integers(0, 2000), min_size=2, max_size=6, unique=True).map(sorted)


@given(PLACES, st.lists(st.sampled_from(["male", "music", "noEnergy"]), min_size=1, max_size=8))
def test_spans_with_gaps_cover_the_recording_once(places, labels):
    edges = np.linspace(0, 20, len(labels) + 1).round(2).tolist()
    spans = list(zip(labels, edges, edges[1:], strict=False))
    gaps = [[start / 100, end / 100] for start, end in zip(places[::2], places[1::2], strict=False)]
    spaced = cut.with_gaps(spans, gaps)
    assert [[start, end] for label, start, end in spaced if label == "gap"] == gaps
    assert spaced[0][1] == 0 and spaced[-1][2] == 20
    assert all(left[2] == right[1] for left, right in zip(spaced, spaced[1:], strict=False))
    assert sum(stop - start for _, start, stop in cut.leftovers([], spaced, ["male"], 20.0)) == pytest.approx(20)


def embed(parts):
    """One voice in all."""
    from engines.embeddings import Embedding

    return [Embedding(np.array([1.0, 0.0]), part.frames / 100, np.zeros((0, 2))) for part in parts]


SECONDS = {"min": 1.5, "max": 12.0, "padding": 0.03, "merge": 1.0, "pause": 0.6}


@pytest.mark.parametrize("gaps", [[], [[2.0, 2.4]]])
def test_no_clip_reaches_across_a_gap(gaps):
    """Two sentences of one voice, 0.4 s apart: one clip where they were so spoken, two where the stamps jump."""
    level = np.full(440, -20.0)
    level[200:240] = -120
    spans = cut.with_gaps([("male", 0.0, 4.4)], gaps)
    clips = cut.plan(spans, level, ["male"], SECONDS, embed)
    assert len(clips) == 1 + len(gaps)
    lost = cut.leftovers(clips, spans, ["male"], 4.4)
    kept = sum(clip.stop - clip.start for clip in clips) / 100
    assert kept + sum(stop - start for _, start, stop in lost) == pytest.approx(4.4, abs=1e-9)
    assert [reason for reason, _, _ in lost] == ["gap"] * len(gaps)


def test_seconds_that_are_missing_are_rejects_of_their_own_and_all_seconds_add_up(tmp_path, short_speech):
    """A talk whose stamps jump by three seconds, through the programs of four stages."""
    (tmp_path / "in").mkdir()
    jump = ["-af", "asetpts='PTS+gt(T,7)*3/TB'", "-c:a", "pcm_s16le", str(tmp_path / "in/talk.mka")]
    ffmpeg.run(["-v", "error", "-i", str(short_speech / "talk.wav"), *jump])
    work = tmp_path / "work"
    program("stages.index", "--work", work, "--input", tmp_path / "in")
    for stage in ("separate", "segment", "slice"):
        program(f"stages.{stage}", "--work", work, "--shard", "s0000")
    (recording,) = manifest.read(work / "index/s0000/manifest.jsonl", rows.Recording)
    clips = manifest.read(work / "slice/s0000/manifest.jsonl", rows.Clip)
    rejects = manifest.read(work / "slice/s0000/rejects.jsonl", rows.Reject)
    manifest.check_complete([recording], clips, rejects)
    ((start, end),) = recording["gaps"]
    assert recording["duration"] == pytest.approx(17, abs=0.01) and end - start == pytest.approx(3, abs=0.03)
    missing = [one for one in rejects if one["reason"] == "gap"]
    assert sum(one["end"] - one["start"] for one in missing) == pytest.approx(3, abs=0.1)
    assert clips and not any(clip["start"] < end - 0.05 and clip["end"] > start + 0.05 for clip in clips)
