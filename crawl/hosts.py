"""Manners towards a host: so many requests at once, a pause between two, and silence while it asks for it."""

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipeline.errors import Reject


@dataclass
class _Host:
    slots: threading.Semaphore
    delay: float
    not_before: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Hosts:
    """Slots per host, shared by all threads. Times are seconds of the monotonic clock.

    A host that asks for more than `patience` seconds of silence is given up: Reject `host_busy`.
    """

    def __init__(self, per_host: int, delay: float, patience: float):
        self._per_host, self._delay, self._patience = per_host, delay, patience
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, name: str):
        """Hold one of the host's slots, from the moment at which it may be asked again."""
        host = self._host(name)
        with host.slots:
            self._wait(name, host)
            yield

    def hold(self, name: str, seconds: float) -> None:
        """Ask this host nothing for `seconds`: it sent a Retry-After."""
        host = self._host(name)
        with host.lock:
            host.not_before = max(host.not_before, time.monotonic() + seconds)

    def slow_down(self, name: str, delay: float) -> None:
        """Keep at least `delay` seconds between requests: its robots.txt asks for it."""
        host = self._host(name)
        host.delay = max(host.delay, delay)

    def _host(self, name: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(name, _Host(threading.Semaphore(self._per_host), self._delay))

    def _wait(self, name: str, host: _Host) -> None:
        while True:
            with host.lock:
                left = host.not_before - time.monotonic()
                if left <= 0:
                    host.not_before = time.monotonic() + host.delay
                    return
            if left > self._patience:
                raise Reject("host_busy", f"{name} asks to be left alone for {left:.0f} s.")
            time.sleep(left)
