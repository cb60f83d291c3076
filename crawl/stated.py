"""What the headers of an answer state about a recording: whether it is one, how large, and what proves it unchanged."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

from crawl.web import Answer, Web
from pipeline.errors import Reject

SURE = timedelta(seconds=60)  # a file last changed so long before the answer is not changing now (RFC 9110, 8.8.2.2)


def vouches(answer: Answer) -> str | None:
    """The validator with which the rest of a body may be requested later: a strong ETag, or a reliable date."""
    tag, changed = validators(answer)
    if tag:
        return None if tag.startswith("W/") else tag
    try:
        then, now = parsedate_to_datetime(changed), parsedate_to_datetime(answer.headers.get("Date"))
        return changed if now - then >= SURE else None
    except (TypeError, ValueError, OverflowError):
        return None


def validators(answer: Answer) -> tuple[str | None, str | None]:
    """ETag and Last-Modified, each None where it is not stated."""
    return answer.headers.get("ETag"), answer.headers.get("Last-Modified")


def check_type(answer: Answer) -> None:
    """Reject `html` or `encoded` what is stated to be no recording as it is."""
    kind = answer.headers.get_content_type()
    if kind in ("text/html", "application/xhtml+xml"):
        raise Reject("html", f"Expected a recording, the server sent a web page ({kind}).")
    packed = answer.headers.get("Content-Encoding", "").strip().lower()
    if packed not in ("", "identity"):
        raise Reject("encoded", f"The body is compressed ({packed}), which was not requested.")


def check_size(size: int | None, web: Web) -> None:
    """Reject `too_large`; a size that is not stated passes."""
    if size is not None and size > web.settings.max_bytes:
        raise Reject("too_large", f"The recording has {size} bytes or more, max_bytes is {web.settings.max_bytes}.")
