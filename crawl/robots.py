"""What a host's robots.txt asks: addresses to leave alone, and the pace."""

import threading
from urllib.parse import urlunsplit

from crawl import document, safety, visits
from crawl.robotstxt import Rules
from crawl.store import Store
from crawl.web import Request, Web
from pipeline.errors import Reject

LIMIT = 512 * 1024  # bytes that are read of it, as RFC 9309, 2.5 allows
TIMEOUTS = 2  # times timeout_seconds, in which it has to arrive
DAY_SECONDS = 86400.0  # for which a pace is believed (2.4)


class Robots:
    """The rules of every host met, each read once per run; a slow host delays only its own requests."""

    def __init__(self, web: Web, store: Store):
        self._web, self._store = web, store
        self._rules: dict[str, Rules | Reject | None] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def check(self, url: str) -> None:
        """Keep to the host's pace. Reject `bad_url`, or `robots` where it forbids `url` to this user agent."""
        if not self._web.settings.respect_robots:
            return
        parts = safety.check_url(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        rules = self._of(origin, parts.netloc)
        if isinstance(rules, Reject):
            raise rules
        if rules is None:
            raise Reject("robots", f"{origin}/robots.txt could not be read, so nothing may be requested there for now.")
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        if not rules.allows(self._web.settings.user_agent, path):
            raise Reject("robots", f"{origin}/robots.txt asks robots to leave this address alone.")

    def pace(self, url: str) -> None:
        """Keep to the host's pace only: for what its owner publishes to be fetched by programs, as a feed."""
        if not self._web.settings.respect_robots:
            return
        parts = safety.check_url(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._one_at_a_time(origin):
            delay = None if origin in self._rules else visits.pace(self._store, origin, DAY_SECONDS)
        if delay is None:
            self._of(origin, parts.netloc)
        else:
            self._web.hosts.slow_down(parts.netloc, delay)

    def _of(self, origin: str, host: str) -> Rules | Reject | None:
        with self._one_at_a_time(origin):
            if origin not in self._rules:
                self._rules[origin] = rules = self._read(origin)
                delay = rules.delay(self._web.settings.user_agent) if isinstance(rules, Rules) else 0.0
                visits.keep_pace(self._store, origin, delay)
                self._web.hosts.slow_down(host, delay)
            return self._rules[origin]

    def _one_at_a_time(self, origin: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(origin, threading.Lock())

    def _read(self, origin: str) -> Rules | Reject | None:
        """The rules; None where the host cannot tell, so that everything is disallowed (2.3.1.4)."""
        seconds = TIMEOUTS * self._web.settings.timeout_seconds
        try:
            response = document.read(self._web, Request(f"{origin}/robots.txt"), LIMIT, cut=True, seconds=seconds)
        except Reject as fault:
            return fault if fault.reason in ("private_address", "bad_url", "tls") else None
        if response.status >= 500:
            return None
        return Rules(response.body.decode("utf-8", "replace") if response.status == 200 else "")
