"""A download that always comes to an end: resumed, retried, limited, never cut short, never mixed from two files.

Ranges and If-Range as in RFC 9110, 13.1.5 and 14: only a strong ETag or a date can prove that the rest belongs to
what is there, and the answer has to repeat it; without one the download starts again. A body is whole when it has
the length that was stated, when the end of its chunks was seen, or when two deliveries were the same.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from crawl import sniff
from crawl.part import Part
from crawl.retry import Again, persist, refuse_busy
from crawl.speed import Speed
from crawl.stated import check_size, check_type, validators, vouches
from crawl.store import Store
from crawl.web import Answer, Request, Web
from pipeline.errors import Reject

BLOCK = 256 * 1024
HOPELESS = ("html", "not_a_recording", "too_large", "empty", "encoded")  # the rest will never be asked for


@dataclass(frozen=True)
class Fetched:
    """What the server said about a finished download; `url` after redirects, `validators` to ask later for changes."""

    url: str
    content_type: str = ""
    validators: tuple[str | None, str | None] = (None, None)  # ETag, Last-Modified


def download(
    web: Web,
    store: Store,
    key: str,
    request: Request,
    on_bytes: Callable[[int], None] = lambda size: None,
    unless: tuple[str | None, str | None] = (None, None),
) -> Fetched | None:
    """Bring what `request` asks for into the part of `key`, resuming what is there; `on_bytes` gets each block's size.

    None where the server says that nothing changed since the download with the validators `unless`. Raises
    Reject (http_404, html, too_large, incomplete, timeout, connection, …), VoxsieveError where the disk takes no more.
    """
    deadline = time.monotonic() + web.settings.max_fetch_seconds
    transfer = _Transfer(web, store, key, request, on_bytes, unless, deadline)
    try:
        return persist(web, transfer.attempt, deadline, transfer.progress)
    except Reject as fault:
        if fault.reason in HOPELESS:
            transfer.part.discard()
        raise


class _Transfer:
    """One download over all its attempts."""

    def __init__(self, web: Web, store: Store, key: str, request: Request, on_bytes, unless, deadline: float):
        self.web, self.store, self.key, self.request, self.on_bytes = web, store, key, request, on_bytes
        self.unless, self.deadline = unless, deadline
        self.part = Part(store.parts.of(key))
        self._most = 0
        self.delivered: str | None = None  # digest of a whole delivery of which neither length nor end was stated

    def progress(self) -> int:
        """The most bytes that were ever received: getting as far again is no progress."""
        self._most = max(self._most, self.part.size)
        return self._most

    def attempt(self) -> Fetched | None:
        """Request what is missing until all is there. Raises Again where the transfer breaks off."""
        while True:
            have = self.part.size
            validator, total = self.store.parts.stated(self.key)
            if have and have == total:  # complete, but the crawl was killed before it was recorded
                sniff.check(self.part.head())
                tag = (validator or "").startswith('"')
                return Fetched(self.request.url, "", (validator, None) if tag else (None, validator))
            resumed = have if validator or self.delivered else 0
            with self.web.get(self._request(resumed, validator), self.deadline) as answer:
                if not resumed and self._is_same(answer):
                    return None
                end = self._begin(answer, resumed, validator, total)
                if end is None:  # nothing is left to be sent
                    return self._fetched(answer)
                self._write(answer)
            if self._is_whole(answer, end):
                return self._fetched(answer)

    def _is_same(self, answer: Answer) -> bool:
        """Whether nothing changed since `unless`: by the status, or by an ETag that the server merely repeats."""
        tag = self.unless[0]
        same = answer.status == 200 and tag and not tag.startswith("W/") and answer.headers.get("ETag") == tag
        return bool(same) or (answer.status == 304 and any(self.unless))

    def _request(self, resumed: int, validator: str | None) -> Request:
        headers = dict(self.request.headers)
        last = f"{resumed + self.request.chunk - 1}" if self.request.chunk else ""
        if resumed or last:
            headers["Range"] = f"bytes={resumed}-{last}"
        if resumed and validator:
            headers["If-Range"] = validator
        if not resumed:
            names = zip(("If-None-Match", "If-Modified-Since"), self.unless, strict=True)
            headers |= {name: value for name, value in names if value}
        return replace(self.request, headers=headers)

    def _begin(self, answer: Answer, resumed: int, validator: str | None, total: int | None) -> int | None:
        """Up to which byte the answer should fill the part (-1: not stated), or None where nothing is left to send."""
        refuse_busy(answer)
        if answer.status == 416 and resumed:
            if answer.headers.get("Content-Range") == f"bytes */{resumed}":
                return None
            self.part.discard()
            raise Again("incomplete", "The server has no such range; starting again.")
        if answer.status == 206 and (resumed or self.request.chunk):
            return self._continue(answer, resumed, validator, total)
        if answer.status != 200:
            raise Reject(f"http_{answer.status}", f"The server answered {answer.status} {answer.response.reason}.")
        check_type(answer)
        self._start(answer, answer.length)
        return -1 if answer.length is None else answer.length

    def _continue(self, answer: Answer, resumed: int, validator: str | None, total: int | None) -> int:
        match = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", answer.headers.get("Content-Range", ""))
        first, last, size = map(int, match.groups()) if match else (-1, -1, -1)
        same = not resumed or (validator and validator in validators(answer) and total in (None, size))
        if first != resumed or not first <= last < size or not same:
            self.part.discard()
            self.delivered = None
            raise Again("incomplete", "The server sent another range, or one of another file; starting again.")
        if not resumed and not vouches(answer):  # no validator with which to ask for a second chunk
            self.request = replace(self.request, chunk=None)
        if not resumed or total is None:
            check_type(answer)
            check_size(size, self.web)
            if not resumed:
                self.part.clear()
            self.store.parts.begin(self.key, validator or vouches(answer), size)
        return last + 1

    def _start(self, answer: Answer, total: int | None) -> None:
        check_size(total, self.web)
        if total == 0:
            raise Reject("empty", "The server says that the recording has no bytes.")
        self.part.clear()
        self.store.parts.begin(self.key, vouches(answer), total)

    def _is_whole(self, answer: Answer, end: int) -> bool:
        """True once all is there; False where the next range has to be requested. Raises Again where it is short."""
        size = self.part.size
        if end >= 0 and size != end:
            raise Again("incomplete", f"The server sent {size} of {end} bytes.")
        if not size:
            raise Again("incomplete", "The server sent no bytes.")
        sniff.check(self.part.head())
        if end >= 0:
            return end == self.store.parts.stated(self.key)[1]
        if answer.response.chunked:  # http.client raises where the last chunk does not come
            return True
        # A body that ends with its connection may have been cut: it counts when it comes twice the same, or when
        # the server says that there is nothing after it.
        digest, before = self.part.digest(), self.delivered
        self.delivered = digest
        if before and before != digest:
            raise Again("incomplete", "The server states no length, and two deliveries were not the same.")
        return digest == before

    def _write(self, answer: Answer) -> None:
        """Append the body to the part, block by block, no faster and no slower than the settings say."""
        settings, size = self.web.settings, self.part.size
        speed = Speed(settings.min_bytes_per_second, settings.bytes_per_second, settings.timeout_seconds)
        checked = size >= sniff.HEAD
        with self.part.opened() as write:
            while block := answer.read(BLOCK):
                check_size(size + len(block), self.web)
                write(block)
                size += len(block)
                self.on_bytes(len(block))
                if not checked and size >= sniff.HEAD:
                    sniff.check(self.part.head())
                    checked = True
                speed.keep(len(block))

    def _fetched(self, answer: Answer) -> Fetched:
        return Fetched(answer.url, answer.headers.get_content_type(), validators(answer))
