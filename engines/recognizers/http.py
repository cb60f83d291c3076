"""Any service that speaks OpenAI's POST /v1/audio/transcriptions, hosted or self-hosted.

Clips go as FLAC, several at once, no faster than allowed. Each answer is handed on as it arrives: it may have been paid
for. engines/recognizers/answers.py reads them.
"""

import io
import logging
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from urllib.parse import urlsplit

import numpy as np

from engines.recognition import Recognition
from engines.recognizers import RATE, answers
from engines.recognizers.service import Refused, Service
from engines.recognizers.settings import HttpSettings
from pipeline.errors import ModelError

logger = logging.getLogger(__name__)

RECOGNIZER = "a service that speaks OpenAI's /v1/audio/transcriptions"
ENVIRONMENT = ""
LANGUAGES = ()
FORMAT_REFUSED = (400, 415, 422)
CLIP_REFUSED = (400, 413, 422)  # what may be about this clip alone
FEW = 3  # clips refused one after the other: so many are the service's or the configuration's fault


def check(settings: HttpSettings) -> str | None:
    """What keeps the service from being asked, as one sentence; it is not asked here."""
    if not settings.url:
        return "The recogniser http has no address: name the service's in http.url."
    variable = settings.key_variable
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        return f"The environment variable {variable}, which http.key_variable names, holds no key: set it first."
    if not (key.isascii() and key.isprintable() and " " not in key):
        return f"The environment variable {variable} holds what is no key: expected one word of ASCII characters."
    return None


def announce(settings: HttpSettings, clips: int, seconds: float) -> str:
    """What is about to leave this machine, as one sentence."""
    return f"{clips} clips, {seconds:.0f} s of speech, will be sent to {urlsplit(settings.url).netloc}."


class Recognizer:
    """A service, asked by up to `parallel` requests at once."""

    SAMPLE_RATE = RATE

    def __init__(self, settings: HttpSettings, threads: int = 2):
        """Raises ModelError where address or key are missing. threads: of no use here."""
        if fault := check(settings):
            raise ModelError(fault)
        self.settings = settings
        key = os.environ[settings.key_variable].strip() if settings.key_variable else None
        self.service = Service(settings, key)
        self.detailed = True  # until the service has refused to give times of words
        self.refused = 0  # clips since the last answer

    def recognize(self, clips: Iterable[tuple[str, np.ndarray]]) -> Iterator[tuple[str, Recognition]]:
        """What the service hears in each clip, as its answers arrive; a clip that it refuses is left out.

        Where it cannot be used any more, answers under way are still waited for and given before the ModelError.
        """
        self.service.start()
        pool = ThreadPoolExecutor(self.settings.parallel)
        waiting: dict[Future, str] = {}
        faults: list[ModelError] = []
        try:
            for name, clip in clips:
                waiting[pool.submit(self._ask, name, clip)] = name
                if len(waiting) >= self.settings.parallel:
                    yield from self._arrived(waiting, faults)
                if faults:
                    break
            while waiting:
                yield from self._arrived(waiting, faults)
        finally:
            self.service.stop()
            pool.shutdown(cancel_futures=True)
        if faults:
            raise faults[0]

    def _arrived(self, waiting: dict[Future, str], faults: list[ModelError]) -> Iterator[tuple[str, Recognition]]:
        """What has arrived since; a fault goes to `faults` and is the end of all further requests."""
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            name = waiting.pop(future)
            try:
                heard = future.result()
            except ModelError as error:
                if self._may_pass_over(error):
                    logger.warning("%s: it goes without this text", error)
                    continue
                faults.append(error)
                self.service.stop()
            else:
                self.refused = 0
                yield name, heard

    def _may_pass_over(self, error: ModelError) -> bool:
        """Whether an error says something of its clip alone."""
        if isinstance(error, Refused) and error.status in CLIP_REFUSED:
            self.refused += 1
            return self.refused < FEW
        return False

    def _ask(self, name: str, clip: np.ndarray) -> Recognition:
        sound = _flac(clip)
        if self.detailed:
            try:
                return self._transcribe(name, sound, detailed=True)
            except Refused as refused:
                if refused.status not in FORMAT_REFUSED:
                    raise
            heard = self._transcribe(name, sound, detailed=False)
            self.detailed = False
            return heard
        return self._transcribe(name, sound, detailed=False)

    def _transcribe(self, name: str, sound: bytes, detailed: bool) -> Recognition:
        fields = {"model": self.settings.model, "response_format": "verbose_json" if detailed else "json"}
        if detailed:
            fields["timestamp_granularities[]"] = ["word", "segment"]
        if self.settings.language:
            fields["language"] = self.settings.language
        body = self.service.post(name, fields, (f"{name}.flac", sound, "audio/flac"))
        try:
            return answers.read(body, self.settings.language)
        except ValueError as error:
            begins = self.service.told(body.decode("utf-8", "replace"))[:40]
            raise ModelError(
                f"{self.service.host} answered clip {name} with what is no transcription ({error}, it begins with "
                f"'{begins}'): check http.url."
            ) from error


def _flac(clip: np.ndarray) -> bytes:
    """A clip (n,) float32 as 16-bit FLAC."""
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, clip, RATE, "PCM_16", format="FLAC")
    return out.getvalue()
