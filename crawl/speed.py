"""Limits on a download's speed: the fastest allowed, and the slowest before it is begun again. Bytes and seconds."""

import time

from crawl.retry import Again


class Speed:
    """The speed of one answer: at most `most` bytes a second, and at least `least` over `window` seconds."""

    def __init__(self, least: int | None, most: int | None, window: float):
        self._least, self._most, self._window = least, most, window
        self._start = self._since = time.monotonic()
        self._came = self._before = 0

    def keep(self, size: int) -> None:
        """Count `size` more bytes: wait where that was too fast, raise Again where a whole window was too slow."""
        self._came += size
        now = time.monotonic()
        if self._least and now - self._since >= self._window:
            rate = (self._came - self._before) / (now - self._since)
            self._since, self._before = now, self._came
            if rate < self._least:
                raise Again("slow", f"{rate:.0f} bytes came a second, min_bytes_per_second is {self._least}.")
        if self._most:
            time.sleep(max(0.0, self._came / self._most - (now - self._start)))
