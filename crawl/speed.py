"""How fast a download may be, and how slow before another try promises more. Bytes and seconds."""

import time

from crawl.retry import Again


class Speed:
    """One answer's bytes as they come: no more than `most` a second, no fewer than `least` over `window` seconds."""

    def __init__(self, least: int | None, most: int | None, window: float):
        self._least, self._most, self._window = least, most, window
        self._start = self._since = time.monotonic()
        self._came = self._before = 0

    def keep(self, size: int) -> None:
        """`size` more bytes have come: wait where that was too fast, raise Again where all of a window was too slow."""
        self._came += size
        now = time.monotonic()
        if self._least and now - self._since >= self._window:
            rate = (self._came - self._before) / (now - self._since)
            self._since, self._before = now, self._came
            if rate < self._least:
                raise Again("slow", f"{rate:.0f} bytes came a second, min_bytes_per_second is {self._least}.")
        if self._most:
            time.sleep(max(0.0, self._came / self._most - (now - self._start)))
