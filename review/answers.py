"""Requests taken apart and answers put together: JSON bodies, ranges of bytes, errors as sentences."""

import json
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

FARTHEST = 100_000  # rows into a list


def ranged(request: Request, data: bytes, kind: str) -> Response:
    """Bytes, or the range of them that a player asked for. RFC 9110, section 14."""
    first, last = 0, len(data) - 1
    asked = request.headers.get("range", "")
    unit, _, span = asked.partition("=")
    begin, dash, end = span.strip().partition("-")
    if unit.strip() != "bytes" or not dash or not (begin or end) or not (begin + end).isdigit():
        return Response(data, media_type=kind, headers={"accept-ranges": "bytes"})
    if begin:
        first, last = int(begin), min(int(end or last), last)
    else:
        first = max(len(data) - int(end), 0)
    if first > last:
        return Response(status_code=416, headers={"content-range": f"bytes */{len(data)}"})
    headers = {"accept-ranges": "bytes", "content-range": f"bytes {first}-{last}/{len(data)}"}
    return Response(data[first : last + 1], 206, headers, kind)


async def body(request: Request) -> dict:
    """A JSON object that was sent. Raises HTTPException for anything else."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "JSON is expected.")
    try:
        asked = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise HTTPException(400, "That is no JSON.") from None
    if not isinstance(asked, dict):
        raise HTTPException(400, "A JSON object is expected.")
    return asked


def skipped(request: Request) -> int:
    """How many rows of a list to pass over."""
    text = request.query_params.get("skip", "0")
    return min(int(text), FARTHEST) if text.isdigit() and len(text) < 10 else 0


def told(status: int) -> Callable:
    """A handler of errors: their sentence, as text."""

    async def tell(request: Request, error: Exception) -> Response:
        return PlainTextResponse(getattr(error, "detail", None) or str(error), getattr(error, "status_code", status))

    return tell
