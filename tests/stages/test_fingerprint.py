"""Fingerprints: a sound is found again through a codec, a gain and a shift; other speech is not taken for it."""

import itertools
import subprocess

import numpy as np
import pytest
import soundfile

from engines import fingerprint
from pipeline import ffmpeg
from stages.match import matching
from stages.select import repeats

RATE = 16000


def prints(clips: list[np.ndarray]) -> list[tuple]:
    return [(number, *fingerprint.hashes(*fingerprint.peaks(clip, RATE))) for number, clip in enumerate(clips)]


def cut(path, start: float, seconds: float) -> np.ndarray:
    command = [ffmpeg.find("ffmpeg"), "-v", "error", "-ss", str(start), "-t", str(seconds), "-i", path]
    command += ["-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "<f4")


def music(seconds: float, seed: int) -> np.ndarray:
    """Notes of 0.2 s, three at a time."""
    random = np.random.default_rng(seed)
    time = np.arange(round(0.2 * RATE)) / RATE
    chords = random.integers(0, 36, (round(seconds / 0.2), 3))
    notes = [sum(np.sin(2 * np.pi * 220 * 2 ** (k / 12) * time) for k in chord) * np.exp(-6 * time) for chord in chords]
    return (0.1 * np.concatenate(notes)).astype(np.float32)


def test_hashes_are_sorted_and_each_stands_once():
    found, frames = fingerprint.hashes(*fingerprint.peaks(music(5, 0), RATE))
    assert len(found) == len(frames) > 100 and np.all(np.diff(found.astype(np.int64)) > 0)
    assert found.dtype == np.uint32 and frames.dtype == np.uint16


@pytest.mark.parametrize("clip", [np.zeros(RATE, np.float32), np.zeros(10, np.float32), np.ones(1, np.float32)])
def test_silence_and_a_few_samples_have_no_hashes(clip):
    assert len(fingerprint.hashes(*fingerprint.peaks(clip, RATE))[0]) == 0


def test_a_shifted_quieter_sound_matches_and_says_how_much_is_shared(tmp_path):
    jingle, other = music(4, 1), music(4, 2)
    later = np.concatenate([0.01 * music(1, 3), 0.5 * jingle[37:]])
    (match,) = matching.matches(prints([jingle, other, later]), tmp_path)
    assert (match.first, match.second) == (0, 2)
    assert 3 < match.seconds < 4


def test_of_many_copies_each_is_paired_with_an_earlier_one(tmp_path):
    clips = [music(2, 1) if number % 3 == 0 else music(2, number + 10) for number in range(60)]
    found = matching.matches(prints(clips), tmp_path)
    assert {match.second for match in found} == set(range(3, 60, 3))
    assert all(match.first % 3 == 0 for match in found)


def test_no_clips_have_no_matches(tmp_path):
    assert matching.matches([], tmp_path) == []
    assert matching.matches([(0, np.zeros(0, np.uint32), np.zeros(0, np.uint16))], tmp_path) == []


def test_jingles_and_speech_are_found_at_64_kbit_and_6_db_less(data, tmp_path):
    originals, copies = [], []
    for show in ("dev01.mp3", "dev03.mp3", "dev04.ogg", "dev06.flac"):
        coded = tmp_path / f"{show}.mp3"
        command = [ffmpeg.find("ffmpeg"), "-v", "error", "-i", data / "radio" / show, "-t", "90"]
        subprocess.run([*command, "-af", "volume=-6dB", "-b:a", "64k", coded], check=True)
        for start, seconds in ((1, 5), (6, 4), (14, 3), (60, 8)):
            originals.append(cut(data / "radio" / show, start, seconds))
            copies.append(cut(coded, start + 0.0437, seconds))
    found = matching.matches(prints(originals + copies), tmp_path)
    pairs = {(match.first, match.second): match.seconds for match in found}
    lengths = [len(one) / RATE for one in originals]
    covered = [pairs.get((i, i + len(originals)), 0) / length for i, length in enumerate(lengths)]
    assert min(covered) >= repeats.COVERED


def test_no_speech_is_taken_for_other_speech(data, tmp_path):
    clips = []
    for path in sorted(itertools.chain((data / "noisy_clean/clean").iterdir(), (data / "emotion").rglob("*.flac"))):
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
        if rate == RATE:
            clips.append(sound[:, 0])
    assert len(clips) > 50
    assert matching.matches(prints(clips), tmp_path) == []
