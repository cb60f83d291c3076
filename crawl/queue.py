"""Work by host: several at once, none of which waits for a host that is busy while another host's work is there."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

Work = TypeVar("Work")


class HostQueue:
    """Pieces of work, each with the host that it asks. Hands out the next whose host has a place free, in turn."""

    def __init__(self, work: Iterable[tuple[str, Work]], per_host: int):
        self._per_host = per_host
        self._waiting: dict[str, deque[Work]] = {}
        for host, piece in work:
            self._waiting.setdefault(host, deque()).append(piece)
        self._running: dict[str, int] = dict.fromkeys(self._waiting, 0)
        self._turn = deque(self._waiting)
        self._change = threading.Condition()

    def work(self, do: Callable[[Work], None]) -> None:
        """Do pieces until none is left; called by every thread that works."""
        while True:
            with self._change:
                while (host := self._free()) is None:
                    if not self._turn:
                        return
                    self._change.wait()
                piece = self._waiting[host].popleft()
                self._running[host] += 1
                self._turn.rotate(-1 - self._turn.index(host))
                if not self._waiting[host]:
                    self._turn.remove(host)
                    self._change.notify_all()
            try:
                do(piece)
            finally:
                with self._change:
                    self._running[host] -= 1
                    self._change.notify_all()

    def _free(self) -> str | None:
        return next((host for host in self._turn if self._running[host] < self._per_host), None)
