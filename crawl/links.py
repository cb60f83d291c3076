"""links: what yt-dlp supports (a video, a playlist, a channel, a page with audio in it), sound only, kept as it is.

yt-dlp finds recordings, in a separate process (`grabber`). The journal decides which are there already, since yt-dlp's
own archive takes two pages of the same name for one. All of its connections go through the gate.
"""

import os
import time
from dataclasses import replace

from crawl import dialogue, gate, safety
from crawl.account import Account, log
from crawl.describe import describe
from crawl.fragments import Fragments
from crawl.grabber import DIRECT, FRAGMENTS
from crawl.item import Item
from crawl.lists import read_list
from crawl.logins import netscape
from crawl.retry import backoff, retry_after
from crawl.tally import Tally
from crawl.tools import Tools
from crawl.web import Request
from pipeline.errors import Reject

OWN_HEADERS = ("accept-encoding", "connection", "cookie", "host", "range")  # which the crawl sets itself


def bring(links: str | list[str], tools: Tools, account: Account) -> None:
    """Bring in every recording that a list of links leads to. A known one is not asked for again."""
    with gate.opened(tools.settings) as door:
        grabber = _Grabber(tools, account, door)
        for url in read_list(links, "links"):
            key = safety.canonical(url)
            link = Item(kind="links", source=f"links:{key}", key=key, url=key)
            account.lead(link.source)
            if not grabber.tally.is_full():
                with account.attempt(link):
                    safety.check_url(url)
                    grabber.follow(link)


class _Grabber:
    """Takes links through yt-dlp, one at a time; the methods `on_…` answer yt-dlp's questions."""

    link: Item  # the one that is followed
    current: Item  # what an error that yt-dlp reports is about

    def __init__(self, tools: Tools, account: Account, door: gate.Gate):
        self.tools, self.account, self.door = tools, account, door
        self.tally = Tally(account, tools.settings.max_items)
        self.fragments = Fragments(tools, account)
        self.resolved: set[str] = set()

    def follow(self, link: Item) -> None:
        """Let yt-dlp resolve the link and bring in what it finds; a known recording is not asked for."""
        self.link = self.current = link
        if name := self.tools.store.known(link):
            self.tally.count(link)
            if name not in {finding["id"] for finding in self.tools.store.findings(link.source)}:
                self.tools.note(link, name)
            self.tally.tell(link, "known")
            return
        self.tools.robots.pace(link.url)
        while self._talk():
            log.info("crawl: %s: goes on after a recording that hung", safety.printable(link.url))
        for item in self.tally.untold():
            self.tally.fail(item, "link_failed", "yt-dlp ended without a file and without an error.")

    def _talk(self) -> bool:
        """Run one process. True where it was ended in the middle of a recording, after which others may follow."""
        self.begin()
        self.current = self.link
        try:
            dialogue.hold("crawl.grabber", self._order(), self)
            return False
        except Reject as fault:
            self.fragments.drop(self.current)
            self.tally.fail(self.current, fault.reason, fault.message)
            return self.current is not self.link

    def on_may(self, url: str) -> dict:
        """May yt-dlp request an address? Answered once it may, or with the reason why not."""
        try:
            host = safety.check_url(url).netloc
            self.tools.robots.pace(url)
            self.tools.web.hosts.wait(host, self.deadline())
        except Reject as fault:
            return {"no": fault.message}
        return {}

    def on_busy(self, url: str, wait: str | None, tries: int) -> dict:
        """A host is busy: whether yt-dlp should try again."""
        seconds = max(backoff(tries), retry_after(wait) or 0.0)
        self.tools.web.hosts.hold(safety.check_url(url).netloc, seconds)
        return {"again": tries <= self.tools.settings.retries}

    def on_consider(self, info: dict, incomplete: bool) -> dict:
        """yt-dlp found an entry: leave it out ("skip") or go on with it."""
        item = describe(info, self.link)
        self.current = item or self.link
        if not item:
            return {}
        if self.tally.has(item):
            return {"skip": "told"}
        if name := self.tools.store.known(item):
            if not self.tally.count(item):
                return {"full": True}
            self.tools.note(item, name)
            return {"skip": self.tally.tell(item, "known")}
        if not self.tools.settings.wants(item.published, item.duration):
            return {"skip": self.tally.tell(item, "left_out")}
        if incomplete:
            return {}
        if not self.tally.count(item):
            return {"full": True}
        if info.get("is_live") or info.get("live_status") == "is_upcoming":
            return {"skip": self.tally.fail(item, "live", "The recording has not ended yet: a later run takes it.")}
        if (protocol := info.get("protocol") or "http") not in DIRECT + FRAGMENTS:
            message = f"Offered by '{protocol}' only, expected http or https."
            return {"skip": self.tally.fail(item, "protocol", message)}
        return {}

    def on_recording(self, info, protocol, url, headers, cookie, chunk, captions) -> dict:
        """A recording's format is chosen: fetch it, or name the part in which yt-dlp is to put its fragments."""
        if not (item := describe(info, self.link)):
            self.tally.fail(self.link, "link_failed", "yt-dlp does not tell which recording this is.")
            return {}
        item = self.current = replace(item, captions=tuple(map(tuple, captions)))
        if item.key not in self.resolved:  # yt-dlp resolves a recording again where it comes too slowly
            self.resolved.add(item.key)
            self.begin()
        if protocol in FRAGMENTS and not self.tools.plan:
            return {"part": self.fragments.begin(item)}
        try:
            safety.check_url(url)
            headers = {name: value for name, value in headers.items() if name.lower() not in OWN_HEADERS}
            request = Request(url, headers, {"Cookie": cookie} if cookie else {}, chunk=chunk)
            self.tools.fetch(item, request, self.account, check_robots=False)
            self.tally.hold(item)
        except Reject as fault:
            self.tally.fail(item, fault.reason, fault.message)
        self.begin()
        return {}

    def on_progress(self, have: int, total: int, status: str) -> dict:
        """Fragments of the current recording arrive."""
        return {"stop": self.fragments.watch(have, total, status)}

    def on_finished(self, path: str) -> dict:
        """All fragments of the current recording are in the file at `path`."""
        with self.account.attempt(self.current):
            self.tally.hold(self.current)
            self.fragments.store(self.current, path)
        self.begin()
        return {}

    def on_error(self, message: str) -> dict:
        """An extraction or a download failed; yt-dlp goes on with the next."""
        fault = self.fragments.fault
        if not fault and self.door.refused:
            fault = Reject("private_address", self.door.refused[-1])
        fault = fault or Reject("link_failed", safety.printable(message.removeprefix("ERROR: "), 500))
        self.fragments.drop(self.current)
        self.door.refused.clear()
        self.tally.fail(self.current, fault.reason, fault.message)
        self.begin()
        return {}

    def on_end(self, full: bool = False) -> None:
        """yt-dlp has nothing more to say of this link."""
        if full:
            log.info("crawl: %s: max_items reached", safety.printable(self.link.url))

    def begin(self) -> None:
        """Start the time limit of the next recording."""
        self._since = time.monotonic()

    def deadline(self) -> float:
        """The time (monotonic) by which the current recording, or the next one found, has to be complete."""
        return self._since + self.tools.settings.max_fetch_seconds

    def _order(self) -> dict:
        """What the process is told to do."""
        settings = self.tools.settings
        return settings.model_dump(mode="json") | {
            "parent": os.getpid(),
            "url": self.link.url,
            "parts": str(self.tools.store.parts.folder),
            "proxy": self.door.url,
            "port": self.door.server_address[1],
            "cookies": netscape(self.tools.web.logins.cookies),
        }
