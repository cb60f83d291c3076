"""robots.txt, as in RFC 9309: what a host asks robots to leave alone, and how slowly to go."""

import threading
from urllib.parse import urlsplit

from crawl import fetch
from crawl.web import Web
from pipeline.errors import Reject

LIMIT = 512 * 1024  # RFC 9309, 2.5


class Robots:
    """The rules of every host met, each read once per run."""

    def __init__(self, web: Web):
        self._web = web
        self._rules: dict[str, object] = {}
        self._lock = threading.Lock()

    def check(self, url: str) -> None:
        """Reject `robots` where the host's robots.txt forbids `url` to this user agent."""
        if not self._web.settings.respect_robots:
            return
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            if origin not in self._rules:
                self._rules[origin] = self._read(origin)
        rules = self._rules[origin]
        agent = self._web.settings.user_agent
        if rules is None:
            raise Reject("robots", f"{origin}/robots.txt could not be read, which means: ask nothing there for now.")
        if not rules.can_fetch(url, agent):
            raise Reject("robots", f"{origin}/robots.txt asks robots to leave this address alone.")
        self._web.hosts.slow_down(parts.netloc, rules.crawl_delay(agent) or 0.0)

    def _read(self, origin: str):
        from protego import Protego

        try:
            status, _, body = fetch.document(self._web, f"{origin}/robots.txt", {}, LIMIT)
        except Reject as fault:
            if fault.reason in ("private_address", "bad_url", "tls"):
                raise
            return None  # 2.3.1.4: unreachable, so everything is disallowed
        return Protego.parse(body.decode("utf-8", "replace") if status == 200 else "")
