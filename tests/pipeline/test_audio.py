"""Audio in and out: one channel by passage, room above full scale, files that are whole or not there at all."""

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from pipeline import audio, probing
from pipeline.downmix import MEAN, Downmix, to_mono
from pipeline.errors import Reject, VoxsieveError
from stages.index.examine import downmix, examine
from tests.conftest import ROOT

RATE = audio.WORK_RATE


def tone(seconds: float, frequency: float = 440.0, peak: float = 0.3) -> np.ndarray:
    return (peak * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def rms(signal: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(signal, dtype=np.float64))))


def decoded(path, how: Downmix, rate: int = RATE) -> np.ndarray:
    return audio.concatenated(audio.decode_mono(path, rate, how))


def test_a_passage_in_antiphase_keeps_its_sound(wav):
    """A pole swapped for the second half of a show: a mean of the whole would lose that half."""
    sound = tone(60)
    right = np.where(np.arange(len(sound)) < 30 * RATE, sound, -sound)
    path = wav("half.wav", np.stack([sound, right], axis=1))
    how = examine(path)["downmix"]
    assert [name for _, name in how] == ["mean", "left"]
    assert how[1][0] == pytest.approx(30, abs=6)
    for rate in (RATE, 16000):
        mono = decoded(path, how, rate)
        assert len(mono) == 60 * rate
        assert rms(mono[35 * rate :]) == pytest.approx(rms(sound), rel=0.01)
        assert rms(mono[: 25 * rate]) == pytest.approx(rms(sound), rel=0.01)
    assert rms(decoded(path, MEAN)[35 * RATE :]) < 1e-4


def test_the_passage_counts_whatever_the_block():
    stereo = np.stack([np.arange(100, dtype=np.float32), np.full(100, 2, np.float32)], axis=1)
    how = [[0.0, "left"], [3.0, "right"], [7.0, "mean"]]
    whole = to_mono(stereo, how, 0.0, 10)
    np.testing.assert_array_equal(whole, np.concatenate([stereo[:30, 0], stereo[30:70, 1], stereo[70:].mean(axis=1)]))
    for size in (1, 7, 30, 99):
        parts = [to_mono(stereo[at : at + size], how, at / 10, 10) for at in range(0, 100, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(to_mono(stereo[:, :1], how, 0.0, 10), stereo[:, 0])


@pytest.mark.parametrize(
    ("left", "right", "mean", "name"),
    [
        (1, 1, 1, "mean"),
        (1, 0, 0.25, "mean"),
        (1, 1, 0.5, "mean"),
        (1, 1, 0, "left"),
        (1, 1.1, 0, "right"),
        (0, 0, 0, "mean"),
    ],
)
def test_the_channel_of_a_second_follows_from_its_energies(left, right, mean, name):
    assert downmix(np.full((30, 3), (left, right, mean), float)) == [[0.0, name]]


def test_nothing_decoded_has_the_mean():
    assert downmix(np.zeros((0, 3))) == MEAN


def test_a_channel_is_taken_and_what_is_no_number_is_silent(wav):
    signal = np.stack([tone(1), np.zeros(RATE, np.float32)], axis=1)
    signal[1000:1010, 0] = (np.nan, np.inf, -np.inf, *[np.nan] * 7)
    path = wav("a.wav", signal)
    left, right = decoded(path, [[0.0, "left"]]), decoded(path, [[0.0, "right"]])
    assert rms(right) == 0 and not left[1000:1010].any()
    np.testing.assert_allclose(left[2000:], signal[2000:, 0], atol=1e-6)


def test_what_is_written_is_whole_and_reads_back(tmp_path):
    for suffix in (".flac", ".wav"):
        path = tmp_path / f"sub/a{suffix}"
        with audio.writing(path, RATE, 1) as out:
            out.write(tone(1))
            out.write(tone(1))
            assert not path.exists()
        np.testing.assert_allclose(audio.read(path)[:, 0], np.tile(tone(1), 2), atol=1 / 32768)
        np.testing.assert_array_equal(np.concatenate(list(audio.blocks(path, 0.3))), audio.read(path))
    assert {path.name for path in (tmp_path / "sub").iterdir()} == {"a.flac", "a.wav"}


def test_what_fails_in_the_middle_leaves_no_file_and_the_old_one(tmp_path):
    path = tmp_path / "a.flac"
    with audio.writing(path, RATE, 1) as out:
        out.write(tone(1))
    with pytest.raises(ZeroDivisionError), audio.writing(path, RATE, 1) as out:
        out.write(tone(1)[:100])
        1 / 0  # noqa: B018
    assert soundfile.info(path).frames == RATE and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".flac", ".wav"])
def test_a_file_whose_end_cannot_be_read_back_is_an_error_and_no_file(tmp_path, suffix):
    """libsndfile says nothing of a disk that took only the beginning; reading the end back does."""
    path = tmp_path / f"a{suffix}"
    with pytest.raises(VoxsieveError, match=rf"a{suffix} cannot be written.*: make room, then run again"):  # noqa: SIM117
        with audio.writing(path, RATE, 1) as out:
            out.write(np.random.default_rng(0).uniform(-0.5, 0.5, 5 * RATE))
            out.close = shortened(out, tmp_path)
    assert not list(tmp_path.iterdir())


def shortened(out: soundfile.SoundFile, folder):
    """A close that loses the second half of the file, as a full disk does."""
    close = out.close

    def closing():
        close()
        for path in folder.iterdir():
            os.truncate(path, path.stat().st_size // 2)

    return closing


FULL = """
import resource, signal, sys
import numpy as np
from pathlib import Path
from pipeline import audio, entry
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
def main():
    with audio.writing(Path(sys.argv[1]), 44100, 1) as out:
        for _ in range(20):
            out.write(np.random.default_rng(0).uniform(-0.5, 0.5, 44100))
entry.run(main)
"""


@pytest.mark.parametrize("suffix", [".flac", ".wav"])
def test_a_disk_that_is_full_is_told_and_leaves_no_file(tmp_path, suffix):
    """A real limit of the system, on a real file."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FULL, str(tmp_path / f"a{suffix}")]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert answer.returncode == 1 and "make room, then run again" in answer.stderr, answer.stderr
    assert "Traceback" not in answer.stderr and not list(tmp_path.iterdir())


def test_a_file_that_an_earlier_stage_wrote_and_that_is_gone_names_the_stage(tmp_path):
    with pytest.raises(VoxsieveError, match="is gone: run the stage that wrote it again, with -R normalize"):
        audio.read(tmp_path / "normalize/s0000/r000000/c.wav")
    with pytest.raises(VoxsieveError, match="is gone"):
        next(audio.blocks(tmp_path / "separate/s0000/a.flac"))


@pytest.mark.parametrize("data", [b"no sound" * 100, b""])
def test_what_is_no_sound_is_undecodable(tmp_path, data):
    path = tmp_path / "-a:b.mp3"
    path.write_bytes(data)
    with pytest.raises(Reject) as told:
        probing.probe(path)
    assert told.value.reason == "undecodable"
    with pytest.raises(Reject) as told:
        list(audio.Decoding(path, RATE, 1))
    assert told.value.reason == "undecodable"


def test_a_file_without_audio_is_told_apart(tmp_path, data):
    import tarfile

    with tarfile.open(data / "broken.tar.gz") as archive:
        member = next(name for name in archive.getnames() if name.endswith("video_no_audio.mp4"))
        (tmp_path / "a.mp4").write_bytes(archive.extractfile(member).read())
    with pytest.raises(Reject) as told:
        probing.probe(tmp_path / "a.mp4")
    assert told.value.reason == "no_audio"
