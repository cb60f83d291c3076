"""listing: pages whose list of recordings is filled in by scripts, so that only a browser sees it.

A page counts as filled once its items are there and their links have not changed for SETTLED_SECONDS; that is an
explicit wait for a state of the page, never a pause that hopes. The links are then fetched like any other.
"""

import ctypes
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from crawl import gate, safety
from crawl.account import Account, log
from crawl.item import Item
from crawl.settings import Listing
from crawl.tools import Tools
from pipeline.errors import ConfigError, Reject

SETTLED_SECONDS = 0.5
MAX_PAGES = 10_000
PR_SET_PDEATHSIG = 1  # prctl(2)
FLAGS = """
--headless=new --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --mute-audio
--disable-background-networking --disable-component-update --disable-sync --disable-extensions
--remote-debugging-pipe --proxy-bypass-list=<-loopback> --force-webrtc-ip-handling-policy=disable_non_proxied_udp
"""
# What is on the page: [[link, title], …] of the items, in the order of the page.
_ITEMS = """
const [item, link, title] = arguments;
return [...document.querySelectorAll(item)].map(box => {
  const from = box.matches(link) ? box : box.querySelector(link);
  const name = title ? box.querySelector(title) : null;
  return [from ? from.href || from.currentSrc || from.src || "" : "", name ? name.textContent : null];
}).filter(found => found[0]);
"""
_NEXT = """
const found = [...document.querySelectorAll(arguments[0])].find(one =>
  !one.disabled && one.getAttribute("aria-disabled") !== "true" && one.getClientRects().length);
if (found) found.click();
return !!found;
"""
_IS_SELECTOR = """
try { document.createDocumentFragment().querySelector(arguments[0]); return true; } catch { return false; }
"""


def bring(given: Listing, tools: Tools, account: Account) -> None:
    """Bring in the recordings that the pages of a listing link to."""
    source = f"listing:{given.url}"
    account.lead(source)
    here = Item(kind="listing", source=source, key=given.url, url=given.url)
    items = []
    with account.attempt(here), gate.opened(tools.settings) as door, _browser(tools, door) as driver:
        tools.robots.check(safety.canonical(given.url.replace("{page}", "1")))
        # What was found before a page failed is brought in all the same.
        for page, links in _pages(given, driver, door, tools.settings.timeout_seconds):
            for link, title in links:
                key = safety.canonical(link)
                items.append(Item(kind="listing", source=source, key=key, url=key, page=page, title=title))
    tools.bring(items, account, ask_robots=True)


def programs() -> tuple[str, str]:
    """Where Chromium and its driver are. Raises ConfigError that says how to install them."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        raise ConfigError(
            f"crawl: a listing needs Chromium and its driver on the PATH, {'chromedriver' if browser else 'chromium'} "
            "is not there: `apt-get install chromium chromium-driver` (Debian), or take the listing out of sources."
        )
    return browser, driver


@contextmanager
def _browser(tools: Tools, door: gate.Gate):
    """A headless Chromium with an empty profile, every connection of which goes through the gate."""
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException

    browser, driver_path = programs()
    profile = tools.store.folder / "browser"
    shutil.rmtree(profile, ignore_errors=True)  # of a crawl that was killed
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.page_load_strategy = "eager"
    for flag in FLAGS.split():
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium as root does not start otherwise
    options.add_argument(f"--proxy-server={door.url}")
    options.add_argument(f"--user-data-dir={profile}")
    options.add_argument(f"--user-agent={tools.settings.user_agent}")
    options.ignore_local_proxy_environment_variables()  # between selenium and the driver
    options.add_experimental_option("prefs", {"download_restrictions": 3})
    service = webdriver.ChromeService(driver_path, popen_kw={"preexec_fn": _die_with_parent})
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_page_load_timeout(tools.settings.timeout_seconds)
        driver.set_script_timeout(tools.settings.timeout_seconds)
        yield driver
    except WebDriverException as error:
        raise Reject("browser", f"Chromium: {(error.msg or type(error).__name__).splitlines()[0]}") from None
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


def _pages(given: Listing, driver, door: gate.Gate, timeout: float) -> Iterator[tuple[str, list]]:
    """(address, [[link, title], …]) of each page in the range that the settings ask for."""
    first, last = given.page_range
    counted = "{page}" in given.url
    number, seen = (first if counted else 1), []
    driver.get(_address(given.url, number))
    _check_selectors(given, driver)
    while number <= min(last, MAX_PAGES):
        links = _filled(given, driver, seen, timeout)
        if not links:
            if not seen:
                why = f" Refused: {door.refused[-1]}" if door.refused else ""
                raise Reject("no_items", f"Page {number} shows nothing that matches item '{given.item}'.{why}")
            if counted and number < last < float("inf"):  # asked for by number: the pages after it may be there
                log.warning("crawl: %s: page %d shows nothing", safety.printable(given.url), number)
                number += 1
                driver.get(_address(given.url, number))
                continue
            log.info("crawl: %s: ends with page %d", safety.printable(given.url), number - 1)
            return
        if number >= first:
            yield driver.current_url, [link for link in links if link not in seen]
        seen, number = links, number + 1
        if number > last:
            return
        if counted:
            driver.get(_address(given.url, number))
        elif not given.next or not driver.execute_script(_NEXT, given.next):
            return


def _filled(given: Listing, driver, before: list, timeout: float) -> list:
    """The page's items once they are other than `before` and have settled; [] where that does not come about."""
    from selenium.common.exceptions import TimeoutException, WebDriverException
    from selenium.webdriver.support.ui import WebDriverWait

    found, since = [], time.monotonic()

    def settled(driver) -> bool:
        nonlocal found, since
        try:
            now = driver.execute_script(_ITEMS, given.item, given.link, given.title)
        except WebDriverException:  # between two pages
            now = []
        if now != found:
            found, since = now, time.monotonic()
        return bool(found) and found != before and time.monotonic() - since >= SETTLED_SECONDS

    try:
        WebDriverWait(driver, timeout, poll_frequency=0.1).until(settled)
    except TimeoutException:
        return []
    return found


def _die_with_parent() -> None:
    """In the driver's process: end when the crawl does, kill -9 included; the browser ends with the driver's pipe."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _check_selectors(given: Listing, driver) -> None:
    for name in ("item", "link", "title", "next"):
        selector = getattr(given, name)
        if selector and not driver.execute_script(_IS_SELECTOR, selector):
            raise ConfigError(f"crawl: listing.{name}: '{selector}' is not a CSS selector.")


def _address(url: str, page: int) -> str:
    return safety.canonical(url.replace("{page}", str(page)))
