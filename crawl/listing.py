"""listing: pages whose list of recordings is filled in by scripts, so that only a browser sees it.

The links that the pages show are then fetched like any other. What a page shows before it fails counts.
"""

from collections.abc import Iterator

from crawl import browser, gate, safety
from crawl.account import Account, log
from crawl.item import Item
from crawl.page import Page
from crawl.pagescripts import IS_SELECTOR
from crawl.sources import Listing
from crawl.tools import Tools
from pipeline.errors import ConfigError
from pipeline.inputs import SUFFIXES

MAX_PAGES = 10_000
MAX_ITEMS = 100_000
GROW_SECONDS = 5.0  # in which a page that was scrolled shows more, if it has more
GLANCE_SECONDS = 1.0  # the same, where the settings do not say that it scrolls


def bring(listing: Listing, tools: Tools, account: Account) -> None:
    """Bring in the recordings that the pages of a listing link to, or that the pages behind these links have."""
    source = f"listing:{listing.url}"
    account.lead(source)
    here = Item(kind="listing", source=source, key=listing.url, url=listing.url)
    items: dict[str, Item] = {}
    behind: list[Item] = []
    profile, cookies = tools.store.folder / "browser", tools.web.logins.for_browser()
    with (
        account.attempt(here),
        gate.opened(tools.settings) as door,
        browser.started(tools.settings, door, profile, cookies) as driver,
    ):
        page = Page(driver, door, tools)
        # What was seen before a page failed is brought in all the same.
        for address, links in _pages(listing, page, tools.settings.max_items):
            for link, title in links:
                key = safety.canonical(link)
                items.setdefault(key, Item("listing", source, key, key, page=address, title=title))
        if listing.recording:
            for item in _follow(listing.recording, list(items.values()), page, account):
                behind.append(item)
    tools.bring(behind if listing.recording else items.values(), account, check_robots=True)


def _pages(listing: Listing, page: Page, most: int | None) -> Iterator[tuple[str, list]]:
    """(address, [[link, title], …]) of each page in the range that the settings ask for."""
    first, last = listing.page_range
    counted = "{page}" in listing.url
    number, before, seen = (first if counted else 1), [], set()
    page.open(_address(listing.url, number))
    _check_selectors(listing, page)
    while number <= min(last, MAX_PAGES) and len(seen) < (most or MAX_ITEMS):
        links = page.items(listing, before)
        fresh = [link for link in links if tuple(link) not in seen]
        if links and number >= first:
            yield page.address, fresh
        numbered = counted and last < float("inf")  # pages asked for by number: there may be more after an empty one
        if not fresh and not numbered:
            if not seen:
                raise page.nothing(f"Page {number} shows nothing that matches item '{listing.item}'.")
            log.info("crawl: %s: ends with page %d", safety.printable(listing.url), number - 1)
            return
        if not fresh:
            log.warning("crawl: %s: page %d shows nothing new", safety.printable(listing.url), number)
        seen |= {tuple(link) for link in links}
        before, number = links, number + 1
        if number > last:
            break
        if counted:
            page.open(_address(listing.url, number))
        elif listing.scroll:
            if not page.scroll(listing, links, GROW_SECONDS):
                return
        elif not listing.next or not page.click(listing.next):
            if not listing.next and page.scroll(listing, links, GLANCE_SECONDS):
                log.warning("crawl: %s: shows more when scrolled: set scroll: true", safety.printable(listing.url))
            return
    if not seen:
        raise page.nothing(f"No page shows anything that matches item '{listing.item}'.")


def _follow(selector: str, items: list[Item], page: Page, account: Account) -> Iterator[Item]:
    """What the pages behind links have, in the order of the links; known pages are not asked for again."""
    for item in items[: page.tools.settings.max_items]:
        if item.url.partition("?")[0].lower().endswith(tuple(SUFFIXES)):
            yield item  # a recording itself
            continue
        behind = f"{item.source}@{item.url}"
        if page.tools.store.known(Item("listing", item.source, behind, item.url)):
            account.tell("known")  # and was noted when it was fetched
            continue
        with account.attempt(item):
            page.open(item.url)
            links = page.items(Listing(url=item.url, item=":root", link=selector), [])
            if not links:
                raise page.nothing(f"The page shows nothing that matches recording '{selector}'.")
            keys = list(dict.fromkeys(safety.canonical(link) for link, _ in links))
            other_keys = (behind,) if len(keys) == 1 else ()
            for key in keys:
                yield Item("listing", item.source, key, key, other_keys, page=item.url, title=item.title)


def _check_selectors(listing: Listing, page: Page) -> None:
    for name in ("item", "link", "title", "next", "recording"):
        selector = getattr(listing, name)
        if selector and not page.run(IS_SELECTOR, selector):
            raise ConfigError(f"crawl: listing.{name}: '{selector}' is not a CSS selector.")


def _address(url: str, page: int) -> str:
    return safety.canonical(url.replace("{page}", str(page)))
