"""Politeness towards a host: a limit on parallel requests, a pause between requests, silence while it asks for it."""

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
    def slot(self, name: str, deadline: float):
        """Hold one of the host's slots, from the moment at which it may be asked again. Reject `host_busy`."""
        host = self._host(name)
        if not host.slots.acquire(timeout=max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))):
            raise Reject("host_busy", f"{name} was busy with other requests of ours for all of the time allowed.")
        try:
            self.wait(name, deadline)
            yield
        finally:
            host.slots.release()

    def hold(self, name: str, seconds: float) -> None:
        """Ask this host nothing for `seconds`: it sent a Retry-After."""
        host = self._host(name)
        with host.lock:
            host.not_before = max(host.not_before, time.monotonic() + seconds)

    def asked(self, name: str) -> None:
        """Note that a request that `wait` allowed was sent only now: the pause begins here."""
        host = self._host(name)
        with host.lock:
            host.not_before = max(host.not_before, time.monotonic() + host.delay)

    def slow_down(self, name: str, delay: float) -> None:
        """Keep at least `delay` seconds between requests: its robots.txt asks for it."""
        host = self._host(name)
        with host.lock:
            longer = max(0.0, delay - host.delay)
            host.delay += longer
            host.not_before += longer  # also after the request that brought the robots.txt

    def wait(self, name: str, deadline: float) -> None:
        """Wait until the host may be asked, and count that as a request. Reject `host_busy`."""
        host = self._host(name)
        while True:
            with host.lock:
                now = time.monotonic()
                left = host.not_before - now
                if left <= 0:
                    host.not_before = now + host.delay
                    return
            if left > self._patience or now + left > deadline:
                raise Reject("host_busy", f"{name} asks to be left alone for {left:.0f} s.")
            time.sleep(left)

    def _host(self, name: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(name, _Host(threading.Semaphore(self._per_host), self._delay))
