"""A small document, read into memory: a feed, a robots.txt, captions."""

import time
import zlib
from dataclasses import dataclass

from crawl.retry import Again, persist, refuse_busy
from crawl.web import Answer, Request, Web
from pipeline.errors import Reject

BLOCK = 64 * 1024
TIMEOUTS = 10  # times timeout_seconds, in which a document has to be there


@dataclass(frozen=True)
class Document:
    """status: 200, 304 or another that no retry would change.

    whole: True where the server stated the body's length or marked its end, so that it cannot have been cut.
    """

    status: int
    answer: Answer
    body: bytes
    whole: bool


def read(web: Web, request: Request, limit: int, cut: bool = False, seconds: float | None = None) -> Document:
    """The document. Above `limit` bytes: its beginning where `cut`, else Reject `too_large`.

    seconds: in which it has to be there; if None, TIMEOUTS times the timeout.
    """
    allowed = seconds or TIMEOUTS * web.settings.timeout_seconds
    deadline = time.monotonic() + min(allowed, web.settings.max_fetch_seconds)

    def attempt() -> Document:
        with web.get(request, deadline) as answer:
            refuse_busy(answer)
            blocks, size = [], 0
            while size <= limit and (block := answer.read(BLOCK)):
                blocks.append(block)
                size += len(block)
            body, length = b"".join(blocks), answer.length
            if size < min(limit, length or 0):
                raise Again("incomplete", f"The server sent {size} of {length} bytes.")
            # Some servers compress although the request asked for the body as it is.
            if answer.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip", "deflate"):
                body = inflated(body, limit)
            if len(body) > limit and not cut:
                raise Reject("too_large", f"{request.url} is longer than {limit} bytes.")
            whole = length is not None or answer.response.chunked
            return Document(answer.status, answer, body[:limit], whole)

    return persist(web, attempt, deadline, lambda: 0)


def inflated(body: bytes, limit: int) -> bytes:
    """A gzip, zlib or raw deflate body, unpacked to `limit` + 1 bytes at most. Raises Again where it is none."""
    for kind in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # servers call either "deflate"
        try:
            return zlib.decompressobj(kind).decompress(body, limit + 1)
        except zlib.error as error:
            fault = error
    raise Again("connection", f"The compressed body cannot be read: {fault}.")
