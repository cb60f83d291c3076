"""Write fixtures/speaker/resemblyzer-0.1.4-*.npz: what the package says of clips of the demo and the development audio.

    PYTHONPATH=. PYTHON_OF_THE_RESEMBLYZER_ENVIRONMENT tests/engines/make_fixtures_speaker.py

The clips themselves are not kept: a test cuts them again by file, start and end. The development audio may be absent;
then only what is said of the demo is written.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile
import soxr

from pipeline import ffmpeg

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
FIXTURES = Path(__file__).parent / "fixtures" / "speaker"
SAMPLE_RATE = 16000
PACKAGES = ("resemblyzer", "torch", "librosa", "numpy", "scipy", "webrtcvad-wheels", "soxr")

# File, start and end in seconds. Of the demo: three voices, a mixture of two, noise behind, and one much too short.
DEMO = (
    ("harbour_noon.mp3", 6.5, 12.2),
    ("harbour_noon.mp3", 12.9, 19.9),
    ("harbour_noon.mp3", 10.0, 16.0),
    ("harbour_noon.mp3", 25.9, 30.5),
    ("harbour_noon.mp3", 33.5, 38.2),
    ("harbour_noon.mp3", 7.0, 7.3),
    ("harbour_evening.mp3", 10.0, 25.0),
)
# Of the development audio: hosts, guests, music and noise behind, acted speech, and one much too short.
DEVELOPMENT = (
    ("radio/dev06.flac", 11.20, 19.05),
    ("radio/dev06.flac", 19.76, 22.19),
    ("radio/dev06.flac", 37.80, 42.93),
    ("radio/dev06.flac", 34.37, 34.67),
    ("radio/dev06.flac", 60.77, 62.37),
    ("radio/dev06.flac", 83.60, 98.60),
    ("radio/dev06.flac", 133.35, 136.15),
    ("noisy_clean/noisy/n001.flac", 0.0, 9.8),
    ("noisy_clean/clean/n002.flac", 0.5, 6.0),
    ("noisy_clean/clean/n003.flac", 2.0, 3.2),
    ("emotion/ravdess/Actor_01/03-01-01-01-01-01-01.flac", 0.0, 3.3),
    ("emotion/emodb/03a01Fa.flac", 0.0, 1.8),
)


def cut(file: str, start: float, end: float) -> np.ndarray:
    """A stretch of a file of the development audio, as mono float32 at 16 kHz, (n,)."""
    with soundfile.SoundFile(DATA / file) as stream:
        stream.seek(round(start * stream.samplerate))
        samples = stream.read(round((end - start) * stream.samplerate), "float32", always_2d=True)
        return soxr.resample(samples.mean(axis=1), stream.samplerate, SAMPLE_RATE, "HQ")


def cut_demo(file: str, start: float, end: float) -> np.ndarray:
    """A stretch of a demo recording, as mono float32 at 16 kHz, (n,)."""
    command = ["-v", "error", "-i", str(ROOT / "examples" / file), "-f", "f32le", "-ac", "1", "-ar", "44100", "-"]
    samples = np.frombuffer(ffmpeg.run(command).stdout, "<f4")[round(44100 * start) : round(44100 * end)]
    return soxr.resample(samples, 44100, SAMPLE_RATE, "HQ")


CASES = {"demo": (cut_demo, DEMO), "development": (cut, DEVELOPMENT)}


def clips_of(case: str) -> list[np.ndarray]:
    """The clips of a case. Raises FileNotFoundError where the development audio is absent."""
    if case == "development" and not DATA.is_dir():
        raise FileNotFoundError(DATA)
    function, places = CASES[case]
    return [function(*place) for place in places]


def fixture(case: str) -> Path:
    return FIXTURES / f"resemblyzer-0.1.4-{case}.npz"


def main() -> None:
    from resemblyzer import VoiceEncoder, preprocess_wav

    encoder = VoiceEncoder("cpu", verbose=False)
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        try:
            trimmed = [preprocess_wav(clip) for clip in clips_of(case)]
        except FileNotFoundError as error:
            print(f"{case}: {error} is absent")
            continue
        vectors = [encoder.embed_utterance(clip) for clip in trimmed]
        np.savez(fixture(case), vectors=vectors, samples=[len(clip) for clip in trimmed], versions=versions)
        print(f"{fixture(case).name}: {len(trimmed)} clips, {versions}")


if __name__ == "__main__":
    main()
