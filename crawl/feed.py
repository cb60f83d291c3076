"""feed: a podcast's RSS or Atom. An unchanged feed costs one request, a grown one only what is new."""

import io
from datetime import UTC, datetime

from crawl import fetch, safety
from crawl.account import Account
from crawl.item import Item
from crawl.tools import Tools
from pipeline.errors import Reject
from pipeline.inputs import SUFFIXES

LIMIT = 50_000_000  # bytes of a feed; the largest podcasts' are a few million
SELECTIVE = {"max_items", "after", "before", "min_duration_seconds", "max_duration_seconds"}


def bring(url: str, tools: Tools, account: Account) -> None:
    """Bring in the enclosures of a feed, newest first, asking for the feed only if it changed."""
    address = safety.canonical(url)
    source = f"feed:{address}"
    account.lead(source)
    choice = tools.settings.model_dump_json(include=SELECTIVE)
    with account.attempt(Item(kind="feed", source=source, key=address, url=address)):
        status, answer, body = fetch.document(tools.web, address, tools.store.visit(source, choice), LIMIT)
        if status == 304:
            account.tell("known", len(tools.store.findings(source)))
            return
        if status != 200:
            raise Reject(f"http_{status}", f"The server answered {status} {answer.response.reason} for the feed.")
        tools.bring(read(body, source, answer.url), account, ask_robots=False)
        if not account.counts["failed"]:  # else the next run must see the feed again, to try what failed
            tools.store.visited(source, choice, answer.headers.get("ETag"), answer.headers.get("Last-Modified"))


def read(body: bytes, source: str, url: str) -> list[Item]:
    """The recordings of a feed, newest first where all are dated. Reject `not_a_feed` where it is none."""
    import feedparser

    # As a stream: bytes could be taken for the name of a file.
    parsed = feedparser.parse(io.BytesIO(body), response_headers={"content-location": url})
    if not parsed.version:
        raise Reject("not_a_feed", "Expected RSS or Atom, the server sent something else.")
    show = parsed.feed
    items = []
    for entry in parsed.entries:
        enclosure = choose(entry.get("enclosures", []) + entry.get("media_content", []))
        if not enclosure:
            continue
        address = safety.canonical(enclosure)
        # The guid first: many hosts give the same episode a new address, with a new token, every day.
        keys = (f"{source}#{entry.id}", address) if entry.get("id") else (address,)
        items.append(
            Item(
                kind="feed",
                source=source,
                key=keys[0],
                other_keys=keys[1:],
                url=address,
                page=entry.get("link"),
                title=entry.get("title"),
                uploader=entry.get("author") or show.get("author") or show.get("title"),
                published=_time(entry.get("published_parsed") or entry.get("updated_parsed")),
                duration=seconds(entry.get("itunes_duration")),
                licence=_licence(entry) or _licence(show),
            )
        )
    if all(item.published for item in items):
        items.sort(key=lambda item: item.published, reverse=True)
    return items


def choose(enclosures: list[dict]) -> str | None:
    """The address of the first enclosure that is sound or film by its type, or else by its name."""
    for enclosure in enclosures:
        address, kind = enclosure.get("href") or enclosure.get("url"), enclosure.get("type") or ""
        name = (address or "").partition("?")[0].lower()
        if address and (kind.startswith(("audio/", "video/")) or name.endswith(tuple(SUFFIXES))):
            return address
    return None


def seconds(told: str | None) -> float | None:
    """itunes:duration, "1:02:03", "62:03" or "3723", in seconds; None where it is none of these."""
    try:
        total = 0.0
        for part in (told or "").split(":"):
            total = 60 * total + float(part)
    except ValueError:
        return None
    return total if 0 < total < float("inf") else None


def _time(parsed: tuple | None) -> str | None:
    try:
        return datetime(*parsed[:6], tzinfo=UTC).isoformat().replace("+00:00", "Z") if parsed else None
    except (TypeError, ValueError):
        return None


def _licence(node: dict) -> str | None:
    links = [link.get("href") for link in node.get("links", []) if link.get("rel") == "license"]
    return node.get("license") or next(iter(links), None) or node.get("rights")
