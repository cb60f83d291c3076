"""A recording that yt-dlp brings in fragments: watched while it grows, stored when it is whole, else removed."""

from pathlib import Path

from crawl import captions, sniff
from crawl.account import Account
from crawl.item import Item
from crawl.part import Part
from crawl.tools import Tools
from pipeline.errors import Reject
from pipeline.inputs import SUFFIXES


class Fragments:
    """The fragments of one recording after the other. `fault`: why the current one was stopped."""

    def __init__(self, tools: Tools, account: Account):
        self._tools, self._account = tools, account
        self._have = 0
        self.fault: Reject | None = None

    def begin(self, item: Item) -> str:
        """The name of the part, without a suffix, in which the recording is to grow, from nothing."""
        self._clear(item)
        return self._tools.store.parts.of(item.key).stem

    def watch(self, have: int, total: int, status: str) -> bool:
        """Count the bytes that came; True where there are too many, and no more may come."""
        self._account.hear(max(0, have - self._have))
        self._have = 0 if status == "finished" else have
        size, most = max(have, total), self._tools.settings.max_bytes
        if size > most:
            self.fault = Reject("too_large", f"The recording has {size} bytes or more, max_bytes is {most}.")
        return bool(self.fault)

    def store(self, item: Item, path: str) -> None:
        """Store what yt-dlp has put at `path`, all fragments of the recording, and tell the account. Raises Reject."""
        # Its folder is known: yt-dlp's path is not trusted.
        file, kind = self._tools.store.parts.folder / Path(path).name, Path(path).suffix.lower()
        sniff.check(Part(file).head())
        name, new = self._tools.store.complete(item, file, kind if kind in SUFFIXES else ".bin")
        captions.bring(item, name, self._tools.web, self._tools.store)
        self._account.tell("new" if new else "duplicate")

    def drop(self, item: Item) -> None:
        """Give up the recording: remove what there is of it, and be ready for the next."""
        self._clear(item)
        self._have, self.fault = 0, None

    def _clear(self, item: Item) -> None:
        """Remove what yt-dlp left of the recording, which is never resumed."""
        part = self._tools.store.parts.of(item.key)
        for left in self._tools.store.parts.folder.glob(part.stem + ".*"):
            if left != part:
                left.unlink()
