"""What every kind of source works with, and the one way in which listed items are brought in."""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from crawl import fetch
from crawl.account import Account
from crawl.item import Item
from crawl.robots import Robots
from crawl.settings import Crawl
from crawl.store import Store
from crawl.web import Web
from pipeline.errors import ConfigError
from pipeline.inputs import SUFFIXES

BY_TYPE = {
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/aac": ".aac",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/flac": ".flac",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/webm": ".webm",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
}


@dataclass(frozen=True)
class Tools:
    """The settings, the store, the web and its robots' rules."""

    settings: Crawl
    store: Store
    web: Web
    robots: Robots

    def bring(self, items: Iterable[Item], account: Account, ask_robots: bool) -> None:
        """Download what is wanted and not there, several at once; each item ends in the account."""

        def one(item: Item) -> None:
            with account.attempt(item):
                if name := self.store.known(item):
                    self.store.note(item, name)
                    account.tell("known")
                    return
                if ask_robots:
                    self.robots.check(item.url)
                got = fetch.download(self.web, self.store, item.key, item.url, account.hear)
                _, new = self.store.complete(item, self.store.part(item.key), suffix(item.url, got))
                account.tell("new" if new else "duplicate")

        pool = ThreadPoolExecutor(self.settings.parallel)
        try:
            begun = [pool.submit(one, item) for item in self.wanted(items, account)]
            account.expect(len(begun))
            for done in begun:
                done.result()
        finally:  # on an interrupt without waiting for the rest
            pool.shutdown(wait=False, cancel_futures=True)

    def wanted(self, items: Iterable[Item], account: Account) -> Iterable[Item]:
        """The first `max_items` of those that fit the date and duration filters, each once."""

        def fits(item: Item) -> bool:
            fit = self.settings.wants(item.published, item.duration)
            if not fit:
                account.tell("left_out")
            return fit

        once = {item.key: item for item in items}.values()
        return islice(filter(fits, once), self.settings.max_items)


def suffix(url: str, got: fetch.Fetched) -> str:
    """The file's suffix, out of those the pipeline knows: from the address asked, the one answered, or the type."""
    for address in (url, got.url):
        told = PurePosixPath(urlsplit(address).path).suffix.lower()
        if told in SUFFIXES:
            return told
    return BY_TYPE.get(got.content_type, ".bin")


def read_list(given: str | list[str], kind: str) -> list[str]:
    """The entries of a list: given as it is, as one address, or as a text file.

    In a file, lines and commas separate (a comma inside an address does not), `#` begins a comment at the start of
    a line or after a space. Each entry once, in order. Raises ConfigError where the file cannot be read.
    """
    if isinstance(given, list):
        entries = given
    elif given.lower().startswith(("http://", "https://")):
        entries = [given]
    else:
        try:
            text = Path(given).read_text(encoding="utf-8-sig", errors="replace")
        except OSError as error:
            raise ConfigError(
                f"{kind}: the list '{given}' cannot be read: {error.strerror}; correct the path."
            ) from None
        entries = [entry for line in text.splitlines() for entry in split_line(line)]
    return list(dict.fromkeys(entry.strip() for entry in entries if entry.strip()))


def split_line(line: str) -> list[str]:
    """The entries of one line of a list."""
    line = re.sub(r"(^|\s)#.*", "", line)
    return re.split(r",(?=\s|$|https?://)", line)
