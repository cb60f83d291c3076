"""yt-dlp's information about a recording, as an item."""

from datetime import UTC, datetime
from urllib.parse import quote

from crawl import safety
from crawl.item import Item

PER_PAGE = {"Generic", "HTML5MediaEmbed"}  # their ids are numbers on a page, not names of recordings


def describe(info: dict, link: Item) -> Item | None:
    """The item for yt-dlp's information about a recording; None while that does not identify the recording."""
    extractor = info.get("extractor_key") or info.get("ie_key")
    page = info.get("webpage_url") or info.get("url")
    if not extractor or not info.get("id") or info.get("_type") in ("playlist", "multi_video"):
        return None
    if extractor in PER_PAGE:  # such numbers change when the page grows; the address of the media file does not
        media = (info.get("formats") or [info])[-1].get("url")
        if not media:
            return None
        url = key = safety.canonical(media)
    else:
        url, key = page or link.url, f"{extractor}:{quote(str(info['id']))}"
    alone = extractor not in PER_PAGE and not info.get("playlist_index") and info.get("_type", "video") == "video"
    return Item(
        kind="links",
        source=link.source,
        key=key,
        other_keys=(link.key,) if alone else (),
        url=url,
        page=page,
        title=info.get("title"),
        uploader=info.get("uploader") or info.get("channel"),
        published=_published(info),
        duration=info.get("duration"),
        licence=info.get("license"),
        size=int(info.get("filesize") or info.get("filesize_approx") or 0) or None,
    )


def _published(info: dict) -> str | None:
    """The ISO time, or the ISO day where no more is known."""
    try:
        if info.get("timestamp"):
            return datetime.fromtimestamp(info["timestamp"], UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return datetime.strptime(info["upload_date"], "%Y%m%d").date().isoformat() if info.get("upload_date") else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None
