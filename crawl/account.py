"""The outcome of each item of one source: counted, shown on a bar, failures kept as rejects."""

import hashlib
import logging
import threading
import time
from collections import Counter
from contextlib import contextmanager

from crawl import safety
from crawl.item import Item, reject_row
from pipeline.errors import Reject, VoxsieveError

log = logging.getLogger("voxsieve")
OUTCOMES = ("new", "known", "duplicate", "planned", "left_out", "failed")
REDRAW_SECONDS = 0.2


class Account:
    """One source's bar and tally. `sources` are the keys under which its findings stand in the journal."""

    def __init__(self, name: str):
        from tqdm import tqdm

        self.name = safety.printable(name, 60)
        self.sources: dict[str, None] = {}
        self.rejects: list[dict] = []
        self.counts: Counter = Counter()
        self.bytes = 0
        self._lock = threading.Lock()
        self._start = self._shown = time.monotonic()
        # Where standard error is no terminal, a redrawn bar is useless: the summary line is enough.
        self._bar = tqdm(desc=self.name, unit="file", disable=None)

    def lead(self, source: str) -> None:
        """Add a source of this crawl: what the journal has for it belongs in the manifest."""
        self.sources[source] = None

    def expect(self, count: int) -> None:
        """Expect `count` more items."""
        self._bar.total = (self._bar.total or 0) + count
        self._bar.refresh()

    def tell(self, outcome: str, count: int = 1) -> None:
        """Count items as one of OUTCOMES."""
        with self._lock:
            self.counts[outcome] += count
            self._bar.update(count)

    def hear(self, size: int) -> None:
        """Count `size` more bytes as received."""
        with self._lock:
            self.bytes += size
            now = time.monotonic()
            if now - self._shown > REDRAW_SECONDS:
                self._shown, megabytes = now, self.bytes / 1e6
                self._bar.set_postfix_str(f"{megabytes:.1f} MB, {megabytes / (now - self._start):.1f} MB/s")

    def fail(self, item: Item, reason: str, message: str) -> None:
        """Record the item as failed; the crawl goes on."""
        name = "u" + hashlib.sha256(item.key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        self.rejects.append(reject_row(name, reason, message, item))
        log.warning("crawl %s: %s: %s", reason, safety.printable(item.url), safety.printable(message))
        self.tell("failed")

    @contextmanager
    def attempt(self, item: Item):
        """Whatever goes wrong with one item stays with that item. The only broad `except` of the crawl."""
        try:
            yield
        except Reject as fault:
            self.fail(item, fault.reason, fault.message)
        except (VoxsieveError, MemoryError):
            raise
        except Exception as error:
            log.exception("crawl: %s", safety.printable(item.url))
            self.fail(item, "error", f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """End the bar and log the source's summary."""
        self._bar.close()
        summary = ", ".join(f"{self.counts[name]} {name.replace('_', ' ')}" for name in OUTCOMES if self.counts[name])
        log.info("crawl %s: %s; %.1f MB", self.name, summary or "nothing", self.bytes / 1e6)
