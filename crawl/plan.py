"""--dry-run: what a crawl would bring in, with sizes."""

import http.client
import threading

from crawl import safety
from crawl.account import Account
from crawl.item import Item
from crawl.web import Request, Web


class Plan:
    """A list on standard output, a line for each recording: size, kind, day, title, address."""

    def __init__(self):
        self.bytes = 0
        self.count = self.unsized = 0
        self._lock = threading.Lock()

    def add(self, item: Item, url: str, web: Web, account: Account) -> None:
        """List an item, asking the server for the size of `url` where the source does not state it."""
        size = item.size or stated_size(web, url)
        shown = f"{size / 1e6:.1f} MB" if size else "? MB"
        title = safety.printable(item.title or "", 60)
        with self._lock:
            self.count, self.bytes, self.unsized = self.count + 1, self.bytes + (size or 0), self.unsized + (not size)
            line = [
                f"{shown:>10}",
                item.kind,
                (item.published or "")[:10],
                title,
                safety.printable(item.url, safety.MAX_URL),
            ]
            print("\t".join(line), flush=True)
        account.tell("planned")

    def total(self) -> str:
        """The last line."""
        unsized = f", {self.unsized} of unknown size" if self.unsized else ""
        return f"{self.count} recordings would come, {self.bytes / 1e6:.1f} MB{unsized}"


def stated_size(web: Web, url: str) -> int | None:
    """Bytes that a server states in answer to HEAD; None where it does not. Reject where the address is refused."""
    try:
        with web.get(Request(url, method="HEAD")) as answer:
            return answer.length if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
