"""A connection that ends when its time is up: a server that trickles bytes never exceeds the timeout of one read."""

import http.client
import socket
import threading
import time
from contextlib import contextmanager, suppress

from pipeline.errors import Reject


class Timed:
    """Limits of one connection. A reader that was waiting when a limit passed gets an exception that says so."""

    def __init__(self, connection: http.client.HTTPConnection):
        self._connection = connection
        self._passed: Exception | None = None

    def check(self) -> None:
        """Raise the error of the limit that has passed, if any."""
        if self._passed:
            raise self._passed

    @contextmanager
    def until(self, deadline: float, limit: str):
        """Reject `timeout` once `deadline` (seconds of the monotonic clock) has passed; `limit` is its name."""
        with self._limited(deadline - time.monotonic(), Reject("timeout", f"Not complete after {limit}.")):
            yield

    @contextmanager
    def within(self, seconds: float):
        """TimeoutError once so many seconds have passed."""
        with self._limited(seconds, TimeoutError()):
            yield

    @contextmanager
    def _limited(self, seconds: float, error: Exception):
        def end() -> None:
            self._passed = self._passed or error
            with suppress(OSError, AttributeError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)

        watchdog = threading.Timer(max(0.0, min(seconds, threading.TIMEOUT_MAX)), end)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        except (OSError, http.client.HTTPException):
            self.check()
            raise
        finally:
            watchdog.cancel()
        self.check()
