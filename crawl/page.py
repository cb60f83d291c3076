"""A page in the browser, as far as a listing needs it: opened politely, and read even while it hangs.

A page counts as filled once its items are there and their links have not changed for SETTLED_SECONDS; that is an
explicit wait for a state of the page, not a fixed pause. One that keeps changing is read as it is when time is up.
"""

import contextlib
import json
import time

from crawl import gate, safety
from crawl.pagescripts import FRAMES, ITEMS, NEXT, SCROLL, STATUS
from crawl.retry import BUSY, backoff, retry_after
from crawl.sources import Listing
from crawl.tools import Tools
from pipeline.errors import Reject

SETTLED_SECONDS = 0.5
POLL_SECONDS = 0.1
MAX_FRAMES = 20
MAX_DEPTH = 3  # of frames in frames
MAX_ITEMS = 100_000


class Page:
    """The one window of the browser. All times are bounded by the settings' timeout."""

    def __init__(self, driver, door: gate.Gate, tools: Tools):
        self.driver, self.door, self.tools = driver, door, tools
        self.address = ""
        self._end = time.monotonic() + tools.settings.max_fetch_seconds

    def open(self, url: str) -> None:
        """Go to an address, keeping to robots.txt, to the host's pace, and to its requests for silence."""
        url = safety.canonical(url)
        self.tools.robots.check(url)
        for tries in range(1, self.tools.settings.retries + 2):
            self._wait(url)
            self._leave()
            self._scripts(True)
            self.driver.get(url)
            self.address = url
            status, headers = self._status()
            self.tools.web.hosts.asked(safety.check_url(url).netloc)
            if status not in BUSY:
                return
            seconds = max(backoff(tries), retry_after(headers.get("retry-after")) or 0.0)
            self.tools.web.hosts.hold(safety.check_url(url).netloc, seconds)
        raise Reject(f"http_{status}", f"The server answered {status} for the page. Tried {tries} times.")

    def click(self, selector: str) -> bool:
        """Click on the link to the next page, as politely as `open`; False where there is nothing to click."""
        self._wait(self.address)
        clicked = any(self.run(NEXT, selector) for _ in self._frames())
        self.tools.web.hosts.asked(safety.check_url(self.address).netloc)
        self._scripts(True)
        return clicked

    def scroll(self, listing: Listing, shown: list, seconds: float) -> bool:
        """Scroll to the end; True where more items come within so many seconds than are shown."""
        self._wait(self.address)
        for _ in self._frames():
            self.run(SCROLL)
        end = time.monotonic() + min(seconds, self.tools.settings.timeout_seconds)
        while time.monotonic() < end:
            if any(link not in shown for link in self._items(listing)):
                return True
            time.sleep(POLL_SECONDS)
        return False

    def items(self, listing: Listing, before: list) -> list:
        """[[link, title], …] once they differ from `before` and have settled, or as they are when time is up."""
        shown, since = [], time.monotonic()
        end = since + self.tools.settings.timeout_seconds
        while time.monotonic() < end:
            now = self._items(listing)
            if now != shown:
                shown, since = now, time.monotonic()
            if shown and shown != before and time.monotonic() - since >= SETTLED_SECONDS:
                break
            time.sleep(POLL_SECONDS)
        with contextlib.suppress(Exception):
            self.address = self.driver.current_url
        return [] if shown == before else shown

    def run(self, script: str, *words):
        """A script's result, even where one of the page's own scripts never ends; None while there is no page."""
        from selenium.common.exceptions import TimeoutException, WebDriverException

        try:
            return self.driver.execute_script(script, *words)
        except TimeoutException:  # the page's own scripts are ended; ours run all the same
            self._scripts(False)
            self.driver.execute_cdp_cmd("Runtime.terminateExecution", {})
        except WebDriverException:  # between two pages
            return None
        with contextlib.suppress(WebDriverException):
            return self.driver.execute_script(script, *words)

    def nothing(self, message: str) -> Reject:
        """The reject of a page without items, with the last connection that the gate refused."""
        why = f" Refused: {self.door.refused[-1]}" if self.door.refused else ""
        return Reject("no_items", message + why)

    def _leave(self) -> None:
        """Empty the browser's log. Reading it waits for the page's own scripts: none may run, for ever perhaps."""
        self._scripts(False)
        self.run(STATUS)
        self._answers()

    def _scripts(self, allowed: bool) -> None:
        """Whether the page's own scripts run."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not allowed})

    def _items(self, listing: Listing) -> list:
        words = (listing.item, listing.link, listing.title, MAX_ITEMS)
        per_frame = [self.run(ITEMS, *words) or [] for _ in self._frames()]
        return list(map(list, dict.fromkeys(tuple(link) for links in per_frame for link in links)))

    def _frames(self, depth: int = 0):
        """The page and the frames in it, each in turn the one that scripts run in."""
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.common.by import By

        yield None
        if depth == MAX_DEPTH or not self.run(FRAMES):
            return
        with contextlib.suppress(WebDriverException):
            for frame in self.driver.find_elements(By.CSS_SELECTOR, "iframe, frame")[:MAX_FRAMES]:
                with contextlib.suppress(WebDriverException):
                    self.driver.switch_to.frame(frame)
                    yield from self._frames(depth + 1)
                self.driver.switch_to.parent_frame()
        if depth == 0:
            self.driver.switch_to.default_content()

    def _wait(self, url: str) -> None:
        if time.monotonic() > self._end:
            raise Reject("timeout", "The listing was not at its end after max_fetch_seconds.")
        self.tools.web.hosts.wait(safety.check_url(url).netloc, self._end)

    def _status(self) -> tuple[int, dict]:
        """(status, headers in lower case) of the document, as soon as it has begun to come; (0, {}) where not.

        Headers only where the host is busy: to read them is to wait for the page's own scripts.
        """
        end = time.monotonic() + self.tools.settings.timeout_seconds
        while time.monotonic() < end:
            status = self.run(STATUS)
            if status:
                return status, self._answers() if status in BUSY else {}
            time.sleep(POLL_SECONDS)
        return 0, {}

    def _answers(self) -> dict:
        """The headers of the last document in the browser's log, which is emptied."""
        headers = {}
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.responseReceived" and event["params"].get("type") == "Document":
                headers = event["params"]["response"]["headers"]
        return {name.lower(): value for name, value in headers.items()}
