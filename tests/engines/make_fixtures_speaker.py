"""Write fixtures/speaker/resemblyzer-0.1.4.npz: what the package says of clips of the development audio.

    PYTHON_OF_THE_RESEMBLYZER_ENVIRONMENT tests/engines/make_fixtures_speaker.py

The clips themselves are not kept: a test cuts them again from the shared data by file, start and end.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile
import soxr

DATA = Path(__file__).parents[2] / "shared" / "data"
FIXTURE = Path(__file__).parent / "fixtures" / "speaker" / "resemblyzer-0.1.4.npz"
SAMPLE_RATE = 16000
PACKAGES = ("resemblyzer", "torch", "librosa", "numpy", "scipy", "webrtcvad-wheels", "soxr")

# File, start and end in seconds: hosts, guests, music and noise behind, acted speech, and one much too short.
CLIPS = (
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


def main() -> None:
    from resemblyzer import VoiceEncoder, preprocess_wav

    encoder = VoiceEncoder("cpu", verbose=False)
    trimmed = [preprocess_wav(cut(*clip)) for clip in CLIPS]
    vectors = [encoder.embed_utterance(clip) for clip in trimmed]
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    np.savez(FIXTURE, vectors=vectors, samples=[len(clip) for clip in trimmed], versions=versions)
    print(f"{FIXTURE.name}: {len(CLIPS)} clips, {versions}")


if __name__ == "__main__":
    main()
