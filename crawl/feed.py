"""feed: a podcast's RSS, Atom or JSON Feed, or an OPML list of them.

An unchanged feed costs one request, a grown one only what is new.
"""

import os
import re
from pathlib import Path

from crawl import confined, document, safety, visits
from crawl.account import Account
from crawl.episodes import newest_first, to_items
from crawl.item import Item
from crawl.logins import from_environment
from crawl.sources import FeedAddress
from crawl.tools import Tools
from crawl.web import Request
from pipeline.errors import ConfigError, Reject

LIMIT = 50_000_000  # bytes of a feed; the largest podcasts' are a few million
MAX_PAGES = 1000  # of one feed
MAX_FEEDS = 10_000  # of one OPML list
PARSE_SECONDS = 60.0
SELECTIVE = {"max_items", "after", "before", "min_duration_seconds", "max_duration_seconds", "captions"}
CLOSED = re.compile(rb"(</(rss|feed|rdf:RDF|opml)\s*>|\})\s*(<!--[^<>]{0,1000}-->\s*)?\Z", re.I)


def check(feed: str | FeedAddress) -> None:
    """Raise ConfigError where a password is not in the environment, or a list of feeds is not there."""
    if isinstance(feed, FeedAddress):
        from_environment(feed.user, "feed.user")
        from_environment(feed.password, "feed.password")
    elif feed.lower().endswith(".opml") and "://" not in feed and not Path(feed).is_file():
        raise ConfigError(f"feed: the list '{feed}' does not exist (looked in {Path.cwd()}): correct the path.")


def bring(feed: str | FeedAddress, tools: Tools, account: Account) -> None:
    """Bring in the enclosures of a feed, or of each feed of a list, newest first."""
    if isinstance(feed, FeedAddress):
        user, password = (from_environment(name, "feed") for name in (feed.user, feed.password))
        tools.web.logins.add(safety.canonical(feed.url), user, password)
        feed = feed.url
    if "://" not in feed and Path(feed).is_file():
        _bring_list(parse(Path(feed).read_bytes(), feed), tools, account)
    else:
        _bring_feed(safety.canonical(feed), tools, account, lists=True)


def _bring_list(parsed: dict, tools: Tools, account: Account) -> None:
    for address in list(dict.fromkeys(map(safety.canonical, parsed.get("feeds", []))))[:MAX_FEEDS]:
        _bring_feed(address, tools, account, lists=False)


def _bring_feed(address: str, tools: Tools, account: Account, lists: bool) -> None:
    """One feed, asked for only if it changed. lists: whether it may turn out to be a list of feeds."""
    source = f"feed:{address}"
    account.lead(source)
    choice = tools.settings.model_dump_json(include=SELECTIVE)
    with account.attempt(Item(kind="feed", source=source, key=address, url=address)):
        failed = account.counts["failed"]
        tools.robots.pace(address)
        first = _page(address, tools, visits.conditions(tools.store, source, choice))
        if first.status == 304:
            account.tell("known", len(tools.store.findings(source)))
            return
        parsed = parse(first.body, first.answer.url)
        if parsed["kind"] == "opml":
            if not lists:
                raise Reject("not_a_feed", "Expected a feed, found a list of feeds inside a list.")
            return _bring_list(parsed, tools, account)
        items, whole = _walk(first, parsed, source, choice, tools)
        tools.bring(items, account, check_robots=False)
        if not whole:
            raise Reject("incomplete", "The feed broke off: what it listed was taken, the next run reads it again.")
        if account.counts["failed"] == failed:  # else the next run has to read the feed again, to retry what failed
            headers = first.answer.headers
            tools.seen_whole(source, choice, headers.get("ETag"), headers.get("Last-Modified"))


def _walk(first: document.Document, parsed: dict, source: str, choice: str, tools: Tools) -> tuple[list[Item], bool]:
    """(items of all pages, newest first; whether no page was cut), no further back than to what is known."""
    items, whole, met = [], True, {first.answer.url}
    # Where an earlier run reached the end of the feed, all that is older than a known page is known too.
    been = visits.was_whole(tools.store, source, choice)
    page = first
    for _ in range(MAX_PAGES):
        whole = whole and (page.whole or bool(CLOSED.search(page.body[-2000:])))
        fresh = to_items(parsed, source)
        items += fresh
        following = parsed.get("next") and safety.canonical(parsed["next"])
        fitting = sum(tools.settings.wants(item.published, item.duration) for item in items)
        enough = fitting >= (tools.settings.max_items or float("inf"))
        old = been and all(map(tools.store.known, fresh))
        if not following or following in met or enough or old:
            break
        met.add(following)
        page = _page(following, tools, {})
        parsed = parse(page.body, page.answer.url)
    return newest_first(items), whole


def _page(address: str, tools: Tools, headers: dict) -> document.Document:
    page = document.read(tools.web, Request(address, headers), LIMIT)
    if page.status not in (200, 304):
        reason = page.answer.response.reason
        raise Reject(f"http_{page.status}", f"The server answered {page.status} {reason} for the feed.")
    return page


def parse(body: bytes, url: str) -> dict:
    """The result of `feedtext.read`, run in a separate process. Reject `not_a_feed` where there is none."""
    try:
        parsed = confined.answer("crawl.feedtext", body, PARSE_SECONDS, url, str(os.getpid()))
    except Reject as fault:
        raise Reject("not_a_feed", fault.message) from None
    if not parsed:
        raise Reject("not_a_feed", "Expected RSS, Atom, JSON Feed or OPML, the server sent something else.")
    return parsed
