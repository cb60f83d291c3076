"""What every kind of source works with, and the one way in which listed items are fetched."""

import threading
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice

from crawl import captions, fetch, safety, visits
from crawl.account import Account
from crawl.item import Item
from crawl.names import suffix
from crawl.plan import Plan
from crawl.queue import HostQueue
from crawl.robots import Robots
from crawl.settings import Crawl
from crawl.store import Store
from crawl.web import Request, Web


@dataclass(frozen=True)
class Tools:
    """The settings, the store, the web and its robots' rules. plan: with it, nothing is brought in, only listed."""

    settings: Crawl
    store: Store
    web: Web
    robots: Robots
    plan: Plan | None = None
    _locks: dict[str, threading.Lock] = field(default_factory=dict)

    def bring(self, items: Iterable[Item], account: Account, check_robots: bool) -> None:
        """Download what is wanted and not there, several at once; each item ends in the account."""
        wanted = list(self.wanted(items, account))
        account.expect(len(wanted))

        def bring_item(item: Item) -> None:
            with account.attempt(item), self._lock(item.url):
                self.fetch(item, Request(item.url), account, check_robots)

        queue = HostQueue(((safety.split(item.url).netloc, item) for item in wanted), self.settings.per_host)
        pool = ThreadPoolExecutor(self.settings.parallel)
        try:
            threads = [pool.submit(queue.work, bring_item) for _ in range(min(self.settings.parallel, len(wanted)))]
            for done in wait(threads, return_when=FIRST_EXCEPTION).done:
                done.result()
        finally:  # where an error ends the crawl, do not wait for the rest
            pool.shutdown(wait=False, cancel_futures=True)

    def fetch(self, item: Item, request: Request, account: Account, check_robots: bool) -> None:
        """Bring one item in, unless it is known, and tell the account. Raises Reject."""
        if name := self.store.known(item):
            return self.know(item, name, account)
        seen = self.store.seen(item.url) if item.kind == "feed" else None
        # A feed may offer its newest episode at the same address every day: the server knows whether it changed.
        if seen and not any(seen[1]) and self.store.same_episode(item, seen[0]):
            return self.know(item, seen[0], account)
        (self.robots.check if check_robots else self.robots.pace)(request.url)
        if self.plan:
            return self.plan.add(item, request.url, self.web, account)
        got = fetch.download(self.web, self.store, item.key, request, account.hear, seen[1] if seen else (None, None))
        if got is None:
            return self.know(item, seen[0], account)
        part = self.store.parts.of(item.key)
        name, new = self.store.complete(
            item, part, suffix(request.url, got.url, got.content_type, part), got.validators
        )
        captions.bring(item, name, self.web, self.store)
        account.tell("new" if new else "duplicate")

    def know(self, item: Item, name: str, account: Account) -> None:
        """Note an item that is there already, and fetch the captions that it lacks."""
        self.note(item, name)
        if not self.plan:
            captions.bring(item, name, self.web, self.store)
        account.tell("known")

    def note(self, item: Item, name: str) -> None:
        """Record that the item's source leads to a recording, except in a dry run."""
        if not self.plan:
            self.store.note(item, name)

    def seen_whole(self, source: str, choice: str, etag: str | None, modified: str | None) -> None:
        """Record that a feed was taken in completely, except in a dry run."""
        if not self.plan:
            visits.record(self.store, source, choice, etag, modified)

    def wanted(self, items: Iterable[Item], account: Account) -> Iterable[Item]:
        """The first `max_items` of those that fit the date and duration filters, each once."""

        def fits(item: Item) -> bool:
            fit = self.settings.wants(item.published, item.duration)
            if not fit:
                account.tell("left_out")
            return fit

        once = {item.key: item for item in items}.values()
        return islice(filter(fits, once), self.settings.max_items)

    def _lock(self, url: str) -> threading.Lock:
        """Episodes at one address are requested one after the other, so that the second is recognised as the same."""
        return self._locks.setdefault(url, threading.Lock())
