"""The original engine: ffmpeg-normalize 1.43, linear, a process per clip."""

import logging
import tempfile
from pathlib import Path

import numpy as np

from pipeline import audio

ENGINE = "the packages themselves, to check, slower"
ENVIRONMENT = ""


class Normalizer:
    """Bring clips to a loudness with the package; never lets it fall into its dynamic mode."""

    def __init__(self, target_lufs: float, true_peak_dbtp: float):
        logging.getLogger("ffmpeg_normalize").setLevel(logging.ERROR)
        self.target_lufs = target_lufs
        self.true_peak_dbtp = true_peak_dbtp

    def gain_db(self, clip: np.ndarray, sample_rate: int, lufs: float) -> float:
        """The gain that the package gives a clip (n,); it measures for itself and does not look at `lufs`.

        Without loudness_range_target and auto_lower_loudness_target loudnorm would compress: it leaves its linear
        mode where the loudness range or the peak exceeds what is asked for.
        """
        from ffmpeg_normalize import FFmpegNormalize

        with tempfile.TemporaryDirectory() as folder:
            source, result = Path(folder) / "clip.wav", Path(folder) / "normalized.wav"
            with audio.writing(source, sample_rate, 1, "FLOAT") as wav:
                wav.write(clip)
            # An object per clip: some of its settings leak from one file to the next.
            package = FFmpegNormalize(
                target_level=self.target_lufs,
                true_peak=self.true_peak_dbtp,
                loudness_range_target=50,
                auto_lower_loudness_target=True,
                audio_codec="pcm_f32le",
                sample_rate=sample_rate,
                extension="wav",
            )
            package.add_media_file(str(source), str(result))
            package.run_normalization()
            normalized = audio.read(result)[:, 0]
        return float(10 * np.log10(np.mean(normalized.astype(np.float64) ** 2) / np.mean(clip.astype(np.float64) ** 2)))
