"""faster-whisper: Whisper on CTranslate2.

Every clip is decoded greedily by beam search at temperature 0. The library's repeated attempts at higher temperatures
draw at random, so that a clip's text would depend on those decoded before it; what such attempts would be made for
(repetitions, low probability) is for the gate to see. Nothing is left out for silence, for the same reason.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from engines.recognition import Recognition, Word
from engines.recognizers import RATE
from engines.recognizers.settings import WhisperSettings
from install.weights import cache
from pipeline.errors import ModelError

RECOGNIZER = "faster-whisper, a model of your choice, on CPU or GPU"
ENVIRONMENT = "recognizers"
LANGUAGES = ()
FILES = ("model.bin", "config.json", "tokenizer.json")  # what faster-whisper would otherwise fetch, or fail without


def folder(model: str) -> Path:
    """Where a model lies: `model` itself where it is a folder, else its place in the cache."""
    return Path(model) if Path(model).is_dir() else cache() / "whisper" / model.replace("/", "--")


def check(settings: WhisperSettings) -> str | None:
    """What keeps the model from being used, as one sentence; None where its files are all there."""
    if not settings.model:
        return "whisper has no model: name one, or its folder, in whisper.model."
    place = folder(settings.model)
    if not place.is_dir() and settings.model.startswith((".", "/", "~")):
        return f"There is no folder {settings.model}, where whisper.model looks for a Whisper model."
    if not place.is_dir():
        return (
            f"The Whisper model {settings.model} is neither a folder nor in {place.parent}: run `python -m "
            f"install.recognizers {settings.model}` to fetch it, or name the folder of a model in whisper.model."
        )
    if missing := [name for name in FILES if not (place / name).is_file()]:
        return (
            f"{place} is no folder of a Whisper model for faster-whisper: {missing[0]} is missing; expected "
            f"{', '.join(FILES)}, as ct2-transformers-converter writes them with --copy_files tokenizer.json."
        )
    return None


class Recognizer:
    """A Whisper model, loaded once."""

    SAMPLE_RATE = RATE

    def __init__(self, settings: WhisperSettings, threads: int = 2):
        """Load the model. Raises ModelError where it is missing, cannot be loaded, or knows not the language."""
        if fault := check(settings):
            raise ModelError(fault)
        os.environ["HF_HUB_OFFLINE"] = "1"  # whatever a folder lacks, nothing is fetched while clips are heard
        from faster_whisper import WhisperModel

        place = folder(settings.model)
        self.settings = settings
        try:
            self.model = WhisperModel(
                str(place), device=settings.device, compute_type=settings.compute_type, cpu_threads=threads
            )
            self.bands = self.model.model.n_mels
        except Exception as error:  # CTranslate2, tokenizers and json each have exceptions of their own
            raise ModelError(
                f"The Whisper model {place} cannot be loaded on device {settings.device} as {settings.compute_type}: "
                f"{_first_line(error)}"
            ) from error
        self._check_fits(place)

    def _check_fits(self, place: Path) -> None:
        heard = self.model.feature_extractor.mel_filters.shape[0]
        if heard != self.bands:
            raise ModelError(
                f"The Whisper model {place} takes {self.bands} mel bands and preprocessor_config.json says {heard}: "
                "copy the file of the model that it was converted from."
            )
        known = self.model.supported_languages
        if self.settings.language and self.settings.language not in known:
            raise ModelError(
                f"The Whisper model {place} does not know the language {self.settings.language}: it knows "
                f"{', '.join(known) if len(known) < 5 else f'{len(known)} others'}."
            )

    def recognize(self, clips: Iterable[tuple[str, np.ndarray]]) -> Iterator[tuple[str, Recognition]]:
        """What is said in each clip, one after the other."""
        for name, clip in clips:
            yield name, self._hear(clip)

    def _hear(self, clip: np.ndarray) -> Recognition:
        if not len(clip):
            return Recognition("")
        passages, about = self.model.transcribe(
            np.ascontiguousarray(clip, np.float32),
            language=self.settings.language,
            beam_size=self.settings.beam,
            temperature=0.0,
            condition_on_previous_text=False,
            no_speech_threshold=None,
            word_timestamps=True,
        )
        passages = list(passages)
        words = [
            Word(word.word.strip(), round(float(word.start), 3), round(float(word.end), 3), float(word.probability))
            for passage in passages
            for word in passage.words or ()
            if word.word.strip()
        ]
        tokens = [max(1, len(passage.tokens)) for passage in passages]
        return Recognition(
            "".join(passage.text for passage in passages).strip(),
            tuple(words),
            about.language,
            float(np.average([passage.avg_logprob for passage in passages], weights=tokens)) if passages else None,
            max((float(passage.no_speech_prob) for passage in passages), default=None),
        )


def _first_line(error: Exception) -> str:
    said = str(error).strip().splitlines()
    return said[0].rstrip(".") + "." if said else f"{type(error).__name__}."
