"""The recordings that a feed lists, out of its parsed entries: which enclosure, when, how long, with what captions."""

from collections import Counter

from crawl import safety
from crawl.account import log
from crawl.item import Item
from pipeline.inputs import SUFFIXES

CAPTIONS = {"text/vtt": ".vtt", "application/srt": ".srt", "application/x-subrip": ".srt", "text/srt": ".srt"}
NOT_SOUND = ("image/", "text/", "application/pdf", "application/zip", "application/json", "application/xml")


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
