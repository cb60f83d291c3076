"""links: what yt-dlp takes (a video, a playlist, a channel, a page with audio in it), sound only, kept as it is.

yt-dlp finds and downloads; which recordings are there already is the journal's business, since yt-dlp's own archive
takes two pages of the same name for one. Everything it connects to goes through the gate.
"""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from crawl import gate, safety
from crawl.account import Account, log
from crawl.item import Item
from crawl.tools import Tools, read_list
from pipeline.errors import ConfigError, Reject
from pipeline.inputs import SUFFIXES

PROTOCOLS = {"http", "https", "m3u8_native", "m3u8", "http_dash_segments"}  # what yt-dlp fetches by itself
PER_PAGE = {"Generic", "HTML5MediaEmbed"}  # their ids are numbers on a page, not names of recordings


def bring(given: str | list[str], tools: Tools, account: Account) -> None:
    """Bring in every recording that a list of links leads to. A known one is not asked for again."""
    if tools.settings.cookies and not Path(tools.settings.cookies).is_file():
        raise ConfigError(f"crawl.cookies: '{tools.settings.cookies}' does not exist: export it, or remove the key.")
    with gate.opened(tools.settings) as door:
        grabber = _Grabber(tools, account, door)
        for url in read_list(given, "links"):
            key = safety.canonical(url)
            link = Item(kind="links", source=f"links:{key}", key=key, url=key)
            account.lead(link.source)
            if not grabber.is_full():
                with account.attempt(link):
                    safety.check_url(url)
                    grabber.follow(link)


def describe(info: dict, link: Item) -> Item | None:
    """The item of what yt-dlp knows of a recording; None while that does not tell which recording it is."""
    extractor = info.get("extractor_key") or info.get("ie_key")
    page = info.get("webpage_url") or info.get("url")
    if not extractor or not info.get("id") or info.get("_type") in ("playlist", "multi_video"):
        return None
    if extractor in PER_PAGE:  # such numbers shift when the page grows; the address of the sound does not
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
    )


class _Grabber:
    """Links on their way through yt-dlp, whose hooks are the methods below. yt-dlp does one thing at a time."""

    link: Item  # the one that is followed
    current: Item  # what an error that yt-dlp reports is about

    def __init__(self, tools: Tools, account: Account, door: gate.Gate):
        self.tools, self.account, self.door = tools, account, door
        self.told: set[str] = set()  # keys of what stands in the account
        self.begun: dict[str, Item] = {}
        self.fault: Reject | None = None
        self.have = 0

    def is_full(self) -> bool:
        """True once `max_items` recordings of this source were met."""
        return len(self.begun) >= (self.tools.settings.max_items or float("inf"))

    def follow(self, link: Item) -> None:
        """Let yt-dlp resolve the link and download what `consider` lets through; a known recording is not asked for."""
        from yt_dlp import YoutubeDL
        from yt_dlp.utils import DownloadCancelled

        self.link = self.current = link
        if name := self.tools.store.known(link):
            self._count(link)
            if name not in {found["id"] for found in self.tools.store.findings(link.source)}:
                self.tools.store.note(link, name)
            self._tell(link, "known")
            return
        with YoutubeDL(self._options()) as ydl:
            try:
                ydl.extract_info(self.link.url)
            except DownloadCancelled:
                log.info("crawl: %s: max_items reached", safety.printable(self.link.url))
        for item in self.begun.values():
            if item.key not in self.told:
                self._fail(item, "link_failed", "yt-dlp ended without a file and without an error.")

    def consider(self, info: dict, incomplete: bool = False) -> str | None:
        """yt-dlp's match_filter: None lets a recording through, a word leaves it out."""
        item = describe(info, self.link)
        self.current = item or self.link
        if not item:
            return None
        if name := self.tools.store.known(item):
            self._count(item)
            self.tools.store.note(item, name)
            return self._tell(item, "known")
        if not self.tools.settings.wants(item.published, item.duration):
            return self._tell(item, "left_out")
        if incomplete:
            return None
        self._count(item)
        if info.get("is_live") or info.get("live_status") == "is_upcoming":
            return self._fail(item, "live", "The recording has not ended yet: a later run takes it.")
        if (protocol := info.get("protocol") or "http") not in PROTOCOLS:
            return self._fail(item, "protocol", f"Offered by '{protocol}' only, expected http or https.")
        info["voxsieve_part"] = self.tools.store.part(item.key).stem
        return None

    def watch(self, progress: dict) -> None:
        """yt-dlp's progress hook: count the bytes, stop where there are too many."""
        have = progress.get("downloaded_bytes") or 0
        self.account.hear(max(0, have - self.have))
        self.have = 0 if progress["status"] == "finished" else have
        size, most = max(have, progress.get("total_bytes") or 0), self.tools.settings.max_bytes
        if size > most:
            self.fault = Reject("too_large", f"The recording has {size} bytes or more, max_bytes is {most}.")
            raise self.fault

    def finish(self, path: str) -> None:
        """yt-dlp's post hook: a whole file is at `path`."""
        kind = Path(path).suffix.lower()
        _, new = self.tools.store.complete(self.current, Path(path), kind if kind in SUFFIXES else ".bin")
        self._tell(self.current, "new" if new else "duplicate")

    def error(self, message: str) -> None:
        """An extraction or a download failed; yt-dlp goes on with the next."""
        fault = self.fault or Reject("link_failed", safety.printable(message.removeprefix("ERROR: "), 500))
        if self.fault:
            for left in self.tools.store.parts.glob(self.tools.store.part(self.current.key).stem + ".*"):
                left.unlink()
        elif self.door.refused:
            fault = Reject("private_address", self.door.refused[-1])
        self.fault, self.have = None, 0
        self.door.refused.clear()
        self._fail(self.current, fault.reason, fault.message)

    def debug(self, message: str) -> None:
        """The rest of what yt-dlp's logger is told: nothing that the account does not tell."""

    warning = debug

    def _fail(self, item: Item, reason: str, message: str) -> str:
        if item.key not in self.told:
            self.told.add(item.key)
            self.account.fail(item, reason, message)
        return reason

    def _tell(self, item: Item, outcome: str) -> str:
        if item.key not in self.told:
            self.told.add(item.key)
            self.account.tell(outcome)
        return outcome

    def _count(self, item: Item) -> None:
        from yt_dlp.utils import DownloadCancelled

        if item.key not in self.begun and self.is_full():
            raise DownloadCancelled("max_items")
        self.begun[item.key] = item

    def _options(self) -> dict:
        settings = self.tools.settings
        return {
            "format": "bestaudio/best",
            "outtmpl": {"default": "%(voxsieve_part)s.%(ext)s"},
            "paths": {"home": str(self.tools.store.parts)},
            "restrictfilenames": True,
            "fixup": "never",  # what comes is kept as it is; the pipeline's ffmpeg reads it all the same
            "updatetime": False,
            "cachedir": False,
            "lazy_playlist": True,
            "extract_flat": "discard",  # resolve entries, keep none of them in memory
            "ignoreerrors": True,
            "quiet": True,
            "noprogress": True,
            "logger": self,
            "match_filter": self.consider,
            "progress_hooks": [self.watch],
            "post_hooks": [self.finish],
            "proxy": self.door.url,
            "external_downloader": {"default": "native"},  # ffmpeg would open what a playlist names
            "cookiefile": settings.cookies,
            "ratelimit": settings.bytes_per_second,
            "sleep_interval": settings.delay_seconds,
            "sleep_interval_requests": settings.delay_seconds,
            "socket_timeout": settings.timeout_seconds,
            "retries": settings.retries,
            "fragment_retries": settings.retries,
            "extractor_retries": settings.retries,
        }


def _published(info: dict) -> str | None:
    """The ISO time, or the ISO day where no more is known."""
    try:
        if info.get("timestamp"):
            return datetime.fromtimestamp(info["timestamp"], UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return datetime.strptime(info["upload_date"], "%Y%m%d").date().isoformat() if info.get("upload_date") else None
    except (ValueError, OverflowError, OSError):
        return None
