"""A download that comes to an end: resumed, retried, limited, and never half.

Ranges and If-Range as in RFC 9110, 13.1.5 and 14: only a strong ETag or a date may vouch that the rest belongs to
what is there; without one the download starts again. Waits are exponential with full jitter.
"""

import errno
import http.client
import os
import random
import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar

from crawl.store import Store
from crawl.web import Answer, Web
from pipeline.errors import Reject, VoxsieveError

BLOCK = 256 * 1024
RETRY = (408, 425, 429, 500, 502, 503, 504)
HOPELESS = ("html", "too_large", "empty", "encoded")  # reasons for which the rest will never be asked for
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
PAGE = re.compile(rb"\s*(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)
Result = TypeVar("Result")


class Again(Exception):
    """This attempt failed and another may not. `wait`: seconds the server asked for."""

    def __init__(self, reason: str, message: str, wait: float | None = None):
        super().__init__(message)
        self.reason, self.message, self.wait = reason, message, wait


@dataclass(frozen=True)
class Fetched:
    """What a finished download was said to be; `url` after redirects."""

    url: str
    content_type: str


def download(web: Web, store: Store, key: str, url: str, told: Callable[[int], None] = lambda size: None) -> Fetched:
    """Bring `url` into store.part(key), going on from what is there. `told` hears of every block's size.

    Raises Reject (http_404, html, too_large, incomplete, timeout, connection, …), VoxsieveError on a full disk.
    """
    part = store.part(key)
    deadline = time.monotonic() + web.settings.max_fetch_seconds

    def attempt() -> Fetched:
        have = _size(part)
        validator, total = store.partial(key)
        if have and have == total:  # whole, and killed before it was written down
            return Fetched(url, "")
        headers = {"Range": f"bytes={have}-", "If-Range": validator} if have and validator else {}
        with web.get(url, headers) as answer:
            have = _accept(answer, have if headers else 0, total, part)
            if have is None:
                return Fetched(answer.url, "")
            if not have:
                part.write_bytes(b"")
                total = _length(answer)
                store.begin(key, _validator(answer), total)
            _check_size(total, web)
            _write(answer, part, have, web, deadline, told)
        if total is not None and _size(part) != total:
            raise Again("incomplete", f"The server sent {_size(part)} of {total} bytes.")
        if total == 0:
            raise Reject("empty", "The server says that the recording has no bytes.")
        if not _size(part):
            raise Again("incomplete", "The server sent no bytes.")
        return Fetched(answer.url, answer.headers.get_content_type())

    try:
        return persist(web, attempt, deadline, lambda: _size(part))
    except Reject as fault:
        if fault.reason in HOPELESS:
            part.unlink(missing_ok=True)
        raise


def document(web: Web, url: str, headers: dict[str, str], limit: int) -> tuple[int, Answer, bytes]:
    """(status, answer, body) of a small document: 200 or 304 or another status that no retry would change.

    Reject `too_large` above `limit` bytes.
    """
    deadline = time.monotonic() + web.settings.max_fetch_seconds

    def attempt() -> tuple[int, Answer, bytes]:
        with web.get(url, headers) as answer:
            _refuse_busy(answer)
            body = b""
            while len(body) <= limit and (block := answer.response.read1(BLOCK)):
                body += block
                _check_time(deadline, web)
            if len(body) < min(limit, _length(answer) or 0):
                raise Again("incomplete", f"The server sent {len(body)} of {_length(answer)} bytes.")
            if answer.headers.get("Content-Encoding") in ("gzip", "x-gzip", "deflate"):  # though identity was asked for
                body = _inflated(body, limit)
            if len(body) > limit:
                raise Reject("too_large", f"{url} is longer than {limit} bytes.")
            return answer.status, answer, body

    return persist(web, attempt, deadline, lambda: 0)


def persist(web: Web, attempt: Callable[[], Result], deadline: float, progress: Callable[[], int]) -> Result:
    """Call `attempt` until it succeeds; what fails `retries` times in a row without `progress` is a Reject."""
    failures = 0
    while True:
        before = progress()
        try:
            return attempt()
        except Again as error:
            fault = error
        except TimeoutError:
            fault = Again("timeout", f"No byte came for {web.settings.timeout_seconds:g} s.")
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise VoxsieveError(f"crawl: cannot write ({error}): make room, then run again.") from error
            fault = Again("connection", f"{type(error).__name__}: {error}")
        failures = 1 if progress() > before else failures + 1
        if failures > web.settings.retries:
            raise Reject(fault.reason, f"{fault.message} Tried {failures} times.")
        wait = backoff(failures) if fault.wait is None else fault.wait
        if time.monotonic() + wait > deadline:
            raise Reject(fault.reason, f"{fault.message} The next try would be after max_fetch_seconds.")
        time.sleep(wait)


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row: random, its ceiling doubling from 0.5 s to a minute."""
    ceiling = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (failures - 1))
    return random.uniform(ceiling / 4, ceiling)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3); None where it says nothing."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds())


def _accept(answer: Answer, have: int, total: int | None, part: Path) -> int | None:
    """From which byte the body goes on (0: from the start), or None where there is nothing left to send."""
    _refuse_busy(answer)
    if answer.status == 206 and have:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if match and int(match[1]) == have and (total is None or match[2] in ("*", str(total))):
            return have
        part.unlink()
        raise Again("incomplete", "The server sent another range than the one asked for.")
    if answer.status == 416 and have:
        if answer.headers.get("Content-Range") == f"bytes */{have}":
            return None
        part.unlink()
        raise Again("incomplete", "The server has no such range; starting again.")
    if answer.status != 200:
        raise Reject(f"http_{answer.status}", f"The server answered {answer.status} {answer.response.reason}.")
    if answer.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
        raise Reject("html", f"Expected a recording, the server sent a web page ({answer.headers.get_content_type()}).")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Reject("encoded", f"The body is packed ({answer.headers['Content-Encoding']}), which was not asked for.")
    return 0


def _refuse_busy(answer: Answer) -> None:
    if answer.status in RETRY:
        wait = retry_after(answer.headers.get("Retry-After"))
        if wait:
            answer.hold(wait)
        raise Again(f"http_{answer.status}", f"The server answered {answer.status} {answer.response.reason}.", wait)


def _write(answer: Answer, part: Path, have: int, web: Web, deadline: float, told: Callable[[int], None]) -> None:
    """Append the body to `part`, block by block, each on its way to the disk before the next is asked for."""
    rate, start, size = web.settings.bytes_per_second, time.monotonic(), have
    with open(part, "ab", buffering=0) as out:
        while block := answer.response.read1(BLOCK):
            if not size and PAGE.match(block[:2048]):
                raise Reject("html", "Expected a recording, the server sent a web page under another name.")
            size += len(block)
            _check_size(size, web)
            out.write(block)
            told(len(block))
            _check_time(deadline, web)
            if rate:
                time.sleep(max(0.0, (size - have) / rate - (time.monotonic() - start)))
        os.fsync(out.fileno())


def _check_time(deadline: float, web: Web) -> None:
    if time.monotonic() > deadline:
        raise Reject("timeout", f"Not whole after max_fetch_seconds {web.settings.max_fetch_seconds:g}.")


def _check_size(size: int | None, web: Web) -> None:
    if size is not None and size > web.settings.max_bytes:
        raise Reject("too_large", f"The recording has {size} bytes or more, max_bytes is {web.settings.max_bytes}.")


def _length(answer: Answer) -> int | None:
    value = answer.headers.get("Content-Length", "")
    return int(value) if value.isdecimal() and not answer.response.chunked else None


def _validator(answer: Answer) -> str | None:
    tag = answer.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")


def _inflated(body: bytes, limit: int) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, limit + 1)
    except zlib.error as error:
        raise Again("connection", f"The packed body cannot be read: {error}.") from None


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
