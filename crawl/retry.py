"""Trying again: how often, after how long, and until when. Waits are exponential with jitter."""

import http.client
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from crawl.web import Answer, Web
from pipeline.errors import Reject

BUSY = (408, 425, 429, 500, 502, 503, 504)
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
Result = TypeVar("Result")


class Again(Exception):
    """This attempt failed and another may not. `wait`: seconds the server asked for."""

    def __init__(self, reason: str, message: str, wait: float | None = None):
        super().__init__(message)
        self.reason, self.message, self.wait = reason, message, wait


def persist(web: Web, attempt: Callable[[], Result], deadline: float, progress: Callable[[], int]) -> Result:
    """Call `attempt` until it succeeds; what fails `retries` times in a row without `progress` is a Reject.

    deadline: seconds of the monotonic clock, after which nothing is tried any more.
    """
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
            fault = Again("connection", f"{type(error).__name__}: {error}")
        failures = 1 if progress() > before else failures + 1
        if failures > web.settings.retries:
            raise Reject(fault.reason, f"{fault.message} Tried {failures} times.")
        # A server that asks for no wait at all, or for one that is over, gets ours all the same.
        wait = max(backoff(failures), fault.wait or 0.0)
        if time.monotonic() + wait > deadline:
            raise Reject(fault.reason, f"{fault.message} The next try would be after the time allowed.")
        time.sleep(wait)


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row: random, its ceiling doubling from 0.5 s to a minute."""
    ceiling = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (min(failures, 20) - 1))
    return random.uniform(ceiling / 4, ceiling)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3); None where it says nothing."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds())


def refuse_busy(answer: Answer) -> None:
    """Raise Again where the server says that it is busy, and leave its host alone for as long as it asks."""
    if answer.status in BUSY:
        wait = retry_after(answer.headers.get("Retry-After"))
        if wait:
            answer.hold(wait)
        raise Again(f"http_{answer.status}", f"The server answered {answer.status} {answer.response.reason}.", wait)
