"""Parses a feed into its entries: RSS, Atom, JSON Feed, and OPML, which lists feeds.

    python -m crawl.feedtext URL PARENT < FEED      (a separate process: see `confined`)

The answer: {"kind": "feed" or "opml", "next": address or null, "entries": […], "feeds": […]}. Addresses are absolute.
"""

import html
import io
import json
import re
import sys
from datetime import UTC, datetime
from urllib.parse import urljoin

from crawl import confined
from crawl.characters import mended

MAX_ENTRIES = 200_000
PODCAST = "https://podcastindex.org/namespace/1.0"
_XML_URL = re.compile(r"""\bxmlUrl\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""", re.I)


def read(body: bytes, url: str) -> dict | None:
    """The entries or feeds that the document at `url` lists, or None where it is no feed."""
    body = mended(body)
    if body.lstrip()[:1] == b"{":
        return json_feed(body, url)
    if re.search(rb"<opml[\s>]", body[:4096], re.I):
        addresses = (
            html.unescape(first or second) for first, second in _XML_URL.findall(body.decode("utf-8", "replace"))
        )
        return {"kind": "opml", "feeds": [resolved(url, address) for address in addresses if address.strip()]}
    return xml_feed(body, url)


def json_feed(body: bytes, url: str) -> dict | None:
    """A JSON Feed (jsonfeed.org, version 1 and 1.1)."""
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        return None
    entries = [_json_entry(item, feed, url) for item in feed["items"][:MAX_ENTRIES] if isinstance(item, dict)]
    return {"kind": "feed", "next": resolved(url, feed.get("next_url")), "entries": entries}


def _json_entry(item: dict, feed: dict, url: str) -> dict:
    attached = _objects(item.get("attachments"))
    authors = [
        author for node in (item, feed) for author in _objects(node.get("authors")) + _objects([node.get("author")])
    ]
    names = [author["name"] for author in authors if author.get("name")]
    duration = attached[0].get("duration_in_seconds") if attached else None
    return {
        "id": _text(item.get("id")),
        "title": _text(item.get("title")),
        "page": _text(item.get("url")),
        "author": _text(names[0] if names else feed.get("title")),
        "published": _iso(item.get("date_published")),
        "duration": _text(duration),
        "licence": None,
        "enclosures": [
            {
                "url": resolved(url, element.get("url")),
                "type": _text(element.get("mime_type")),
                "size": element.get("size_in_bytes"),
            }
            for element in attached
        ],
        "transcripts": [],
    }


def xml_feed(body: bytes, url: str) -> dict | None:
    """RSS or Atom, well-formed or not."""
    import feedparser
    from feedparser.mixin import _FeedParserMixin

    def transcript(parser, attributes: dict) -> None:
        """podcast:transcript, of which an entry may have several; feedparser itself keeps the last."""
        parser._get_context().setdefault("transcripts", []).append(dict(attributes))

    _FeedParserMixin.namespaces[PODCAST] = "podcast"
    _FeedParserMixin._start_podcast_transcript = transcript
    # As a stream: bytes could be taken for the name of a file.
    parsed = feedparser.parse(io.BytesIO(body), response_headers={"content-location": url})
    if not parsed.get("version"):
        return None
    show = parsed.feed
    following = [link.get("href") for link in show.get("links", []) if link.get("rel") in ("next", "prev-archive")]
    entries = [_xml_entry(entry, show, url) for entry in parsed.entries[:MAX_ENTRIES]]
    return {"kind": "feed", "next": resolved(url, next(iter(following), None)), "entries": entries}


def _xml_entry(entry: dict, show: dict, url: str) -> dict:
    enclosures = [
        {
            "url": resolved(url, element.get("href") or element.get("url")),
            "type": element.get("type"),
            "size": element.get("length") or element.get("filesize"),
        }
        for element in entry.get("enclosures", []) + entry.get("media_content", [])
    ]
    transcripts = [
        {"url": resolved(url, element.get("url")), "type": element.get("type"), "language": element.get("language")}
        for element in entry.get("transcripts", [])
    ]
    return {
        "id": entry.get("id"),
        "title": entry.get("title"),
        "page": entry.get("link"),
        "author": entry.get("author") or show.get("author") or show.get("title"),
        "published": _time(entry.get("published_parsed") or entry.get("updated_parsed")),
        "duration": entry.get("itunes_duration"),
        "licence": _licence(entry) or _licence(show),
        "enclosures": enclosures,
        "transcripts": transcripts,
    }


def resolved(base: str, address: object) -> str | None:
    """An address as seen from the document that holds it; None where there is none."""
    if not isinstance(address, str) or not address.strip():
        return None
    try:
        return urljoin(base, address.strip())
    except ValueError:  # an unpaired bracket: rejected later, as an address that cannot be read
        return address


def _objects(value: object) -> list[dict]:
    return [element for element in value if isinstance(element, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _iso(value: object) -> str | None:
    try:
        return _utc(datetime.fromisoformat(value)) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _time(parsed: tuple | None) -> str | None:
    try:
        return _utc(datetime(*parsed[:6], tzinfo=UTC)) if parsed else None
    except (TypeError, ValueError):
        return None


def _utc(time: datetime) -> str:
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _licence(node: dict) -> str | None:
    links = [link.get("href") for link in node.get("links", []) if link.get("rel") == "license"]
    return node.get("license") or next(iter(links), None) or node.get("rights")


def main() -> None:
    url, parent = sys.argv[1:]
    confined.confine(int(parent))
    sys.setrecursionlimit(3000)
    text = json.dumps(read(sys.stdin.buffer.read(), url), ensure_ascii=False)
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))  # half a character becomes a question mark


if __name__ == "__main__":
    main()
