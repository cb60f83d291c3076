"""feed: a podcast's RSS, Atom or JSON Feed, or an OPML list of them.

An unchanged feed costs one request, a grown one only what is new.
"""

import os
import re
from collections import Counter
from pathlib import Path

from crawl import confined, document, safety
from crawl.account import Account, log
from crawl.item import Item
from crawl.logins import from_environment
from crawl.settings import FeedAddress
from crawl.tools import Tools
from crawl.web import Request
from pipeline.errors import ConfigError, Reject
from pipeline.inputs import SUFFIXES

LIMIT = 50_000_000  # bytes of a feed; the largest podcasts' are a few million
MAX_PAGES = 1000  # of one feed
MAX_FEEDS = 10_000  # of one OPML list
PARSE_SECONDS = 60.0
SELECTIVE = {"max_items", "after", "before", "min_duration_seconds", "max_duration_seconds", "captions"}
CAPTIONS = {"text/vtt": ".vtt", "application/srt": ".srt", "application/x-subrip": ".srt", "text/srt": ".srt"}
CLOSED = re.compile(rb"(</(rss|feed|rdf:RDF|opml)\s*>|\})\s*(<!--[^<>]{0,1000}-->\s*)?\Z", re.I)
NOT_SOUND = ("image/", "text/", "application/pdf", "application/zip", "application/json", "application/xml")


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
        first = _page(address, tools, tools.store.visit(source, choice))
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
    been = tools.store.was_visited(source, choice)
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


def to_items(parsed: dict, source: str) -> list[Item]:
    """The recordings that a feed's document lists, in its order."""
    listed = [(entry, choose(entry["enclosures"])) for entry in parsed.get("entries", [])]
    guids = Counter(guid for guid, _ in {(entry["id"], chosen["url"]) for entry, chosen in listed if chosen})
    without = sum(not chosen for entry, chosen in listed if entry["enclosures"])
    if without:
        log.info("crawl: %s: %d entries without audio or video are left out", safety.printable(source), without)
    return [_item(entry, chosen, source, guids) for entry, chosen in listed if chosen]


def _item(entry: dict, chosen: dict, source: str, guids: Counter) -> Item:
    address = safety.canonical(chosen["url"])
    # The guid first: many hosts give the same episode a new address, with a new token, every day. One that several
    # recordings share tells nothing.
    own = entry["id"] and guids[entry["id"]] == 1
    return Item(
        kind="feed",
        source=source,
        key=f"{source}#{entry['id']}" if own else address,
        url=address,
        page=entry["page"],
        title=entry["title"],
        uploader=entry["author"],
        published=entry["published"],
        duration=seconds(entry["duration"]),
        licence=entry["licence"],
        size=size(chosen["size"]),
        captions=captions(entry["transcripts"]),
    )


def newest_first(items: list[Item]) -> list[Item]:
    """By date; one without a date stays with the one that is listed before it, or else after it."""
    near = next((item.published for item in items if item.published), "")
    dated = []
    for item in items:
        near = item.published or near
        dated.append((near, item))
    return [item for _, item in sorted(dated, key=lambda pair: pair[0], reverse=True)]


def choose(enclosures: list[dict]) -> dict | None:
    """The first enclosure that is audio or video by its type or name, else the first that may be; None for none."""

    def has(enclosure: dict) -> int:
        kind, name = (enclosure.get("type") or "").lower(), (enclosure["url"] or "").partition("?")[0].lower()
        if not enclosure["url"]:
            return 0
        if kind.startswith(("audio/", "video/")) or name.endswith(tuple(SUFFIXES)):
            return 2
        return 0 if kind.startswith(NOT_SOUND) else 1

    best = max(enclosures, key=has, default=None)
    return best if best and has(best) else None


def captions(transcripts: list[dict]) -> tuple[tuple[str, str, str | None], ...]:
    """(address, suffix, language) of each transcript with times, at most one per language, WebVTT preferred."""
    known = [
        (transcript["url"], CAPTIONS[kind], transcript["language"])
        for transcript in transcripts
        if transcript["url"] and (kind := (transcript["type"] or "").partition(";")[0].strip().lower()) in CAPTIONS
    ]
    best = {language: (url, suffix, language) for url, suffix, language in sorted(known, key=lambda text: text[1])}
    return tuple(best.values())


def size(stated: object) -> int | None:
    """Bytes as a feed states them, which is a hint; None where it states none."""
    text = str(stated or "").strip()
    return int(text) if text.isdecimal() and 0 < len(text) < 16 and int(text) > 1 else None


def seconds(stated: str | None) -> float | None:
    """itunes:duration, "1:02:03", "62:03" or "3723", in seconds; None where it is none of these."""
    try:
        total = 0.0
        for part in (stated or "").split(":")[:4]:
            total = 60 * total + float(part)
    except ValueError:
        return None
    return total if 0 < total < float("inf") else None
