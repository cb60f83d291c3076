"""Requests to a transcription service: no faster than allowed, repeated where that may help, bounded in size and time.

The key goes to the one host that was configured and nowhere else: redirects are refused, and no message has it.
"""

import queue
import random
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from engines.recognizers.settings import HttpSettings
from pipeline.errors import ModelError

LARGEST_ANSWER = 1_000_000  # bytes
CONNECT_SECONDS = 20.0
FIRST_PAUSE = 1.0  # seconds before the first repetition; each further one waits twice as long
LONGEST_PAUSE = 60.0
LONGEST_ASKED = 600.0  # seconds that a service may ask to be left alone


class Refused(ModelError):
    """The service refused a request with an answer 4xx, which a repetition would not change."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


class Passing(Exception):
    """A request failed for what may pass: `pause` seconds as the service asked, None where it did not say."""

    def __init__(self, message: str, pause: float | None = None):
        super().__init__(message)
        self.pause = pause


class Service:
    """One address, asked from several threads."""

    def __init__(self, settings: HttpSettings, key: str | None):
        self.settings, self.key = settings, key
        self.host = urlsplit(settings.url).netloc
        self.session = _session(settings.parallel, self._sign)
        self.lock = threading.Lock()
        self.next_start = 0.0
        self.stopped = threading.Event()

    def start(self) -> None:
        """Requests may begin, no faster than allowed since the last one."""
        self.stopped.clear()

    def stop(self) -> None:
        """Begin no further request and wait for none."""
        self.stopped.set()

    def post(self, name: str, fields: dict, file: tuple[str, bytes, str]) -> bytes:
        """The body of the answer to one clip. Raises Refused, or ModelError where repetitions did not help."""
        for attempt in range(self.settings.retries + 1):
            self._wait_for_turn()
            try:
                return _within(self.settings.timeout_seconds, lambda: self._attempt(name, fields, file))
            except Passing as passing:
                failure = passing
            backoff = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt) * random.uniform(0.5, 1)
            if failure.pause is not None:
                self._hold(failure.pause)
            elif attempt < self.settings.retries:
                self.stopped.wait(backoff)
        raise ModelError(
            f"{self.host} did not transcribe clip {name} in {self.settings.retries + 1} attempts, at last {failure}: "
            "run again later, what has arrived is kept."
        ) from failure

    def _wait_for_turn(self) -> None:
        """Wait until the next request may begin; turns are evenly spaced."""
        with self.lock:
            start = max(time.monotonic(), self.next_start)
            self.next_start = start + 60 / self.settings.per_minute
        if self.stopped.wait(max(0.0, start - time.monotonic())):
            raise ModelError(f"{self.host} is not asked any more.")

    def _hold(self, seconds: float) -> None:
        """Let no request begin for a while: the service asked for it."""
        with self.lock:
            self.next_start = max(self.next_start, time.monotonic() + min(seconds, LONGEST_ASKED))

    def _attempt(self, name: str, fields: dict, file: tuple[str, bytes, str]) -> bytes:
        timeout = (min(CONNECT_SECONDS, self.settings.timeout_seconds), self.settings.timeout_seconds)
        try:
            with self.session.post(
                self.settings.url,
                data=fields,
                files={"file": file},
                timeout=timeout,
                stream=True,
                allow_redirects=False,
            ) as answer:
                body = self._body(answer)
        except requests.exceptions.SSLError as error:
            raise ModelError(f"{self.host} has no certificate that this machine trusts: {self.told(error)}") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise Passing(f"for {type(error).__name__}") from error
        self._judge(name, answer, body)
        return body

    def _body(self, answer: requests.Response) -> bytes:
        body = bytearray()
        while part := answer.raw.read1(16_384):  # as it arrives: to wait for full blocks would be to wait for ever
            body += part
            if len(body) > LARGEST_ANSWER:
                raise ModelError(f"{self.host} answers with more than {LARGEST_ANSWER} bytes: check http.url.")
        return bytes(body)

    def _judge(self, name: str, answer: requests.Response, body: bytes) -> None:
        status = answer.status_code
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            place = urljoin(self.settings.url, answer.headers.get("Location", ""))
            raise ModelError(f"{self.host} sends on to {self.told(place)}: if you trust it, name it in http.url.")
        if status in (408, 429) or status >= 500:
            raise Passing(f"for an answer {status}", _asked(answer.headers.get("Retry-After")))
        why = self.told(body.decode("utf-8", "replace")) or "no reason given"
        raise Refused(f"{self.host} refused clip {name} with {status}: {why}", status)

    def told(self, text: object) -> str:
        """What the other side said, on one line, short, and without the key."""
        line = " ".join(str(text).split())
        line = "".join(letter for letter in line if letter.isprintable())
        return (line.replace(self.key, "***") if self.key else line)[:200]

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"
        return request


def _session(connections: int, sign: Callable) -> requests.Session:
    """A session for several threads: it keeps connections and nothing else."""
    session = requests.Session()
    session.auth = sign  # and not what ~/.netrc has for the host
    session.headers["Accept-Encoding"] = "identity"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=connections))
    return session


def _within(seconds: float, attempt: Callable[[], bytes]) -> bytes:
    """What `attempt` gives, or Passing where it takes longer.

    A socket's timeout is for each piece that arrives: a service that sends a byte a minute would never run into it. So
    the attempt has a thread of its own, which is left behind where it does not end.
    """
    ended: queue.SimpleQueue = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put((attempt(), None))
        except Exception as error:  # raised again in the thread that waits
            ended.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        body, error = ended.get(timeout=seconds)
    except queue.Empty:
        raise Passing(f"for an answer that was not whole after {seconds:g} s") from None
    if error:
        raise error
    return body


def _asked(header: str | None) -> float | None:
    """The seconds that a Retry-After asks to wait, given in seconds or as a date."""
    if not header:
        return None
    try:
        return max(0.0, float(header)) if header.strip().isdecimal() else max(0.0, _until(header))
    except (ValueError, TypeError, OverflowError):
        return None


def _until(header: str) -> float:
    return parsedate_to_datetime(header).timestamp() - time.time()
