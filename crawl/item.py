"""A recording as a source names it, and the row that it becomes."""

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from crawl import safety

SCHEMA = 1
STAGE = "crawl"


@dataclass(frozen=True)
class Item:
    """One recording that a source leads to.

    source: which entry of the settings led here, as "kind:address".
    key: its name in the journal; `other_keys` are further names of the same recording.
    published: ISO day or time. duration: seconds, size: bytes, licence: all as stated.
    captions: (address, suffix, language) of each that is offered.
    """

    kind: str
    source: str
    key: str
    url: str
    other_keys: tuple[str, ...] = ()
    page: str | None = None
    title: str | None = None
    uploader: str | None = None
    published: str | None = None
    duration: float | None = None
    licence: str | None = None
    size: int | None = None
    captions: tuple[tuple[str, str, str | None], ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key, *self.other_keys)

    def clean(self) -> "Item":
        """The item with every text from outside as one harmless line."""
        limits = {"url": safety.MAX_URL, "page": safety.MAX_URL}
        texts = {name: getattr(self, name) for name in ("url", "page", "title", "uploader", "published", "licence")}
        present = {name: text for name, text in texts.items() if text is not None}
        return replace(self, **{name: safety.printable(text, limits.get(name, 300)) for name, text in present.items()})


def row(item: Item, recording: dict, path: str, captions: list[str]) -> dict:
    """The manifest row of a stored recording; paths are relative to the folder that holds the downloads."""
    fields = {
        "schema": SCHEMA,
        "id": recording["id"],
        "path": path,
        "source": source_name(item, recording["id"], PurePosixPath(path).suffix),
        "source_kind": item.kind,
        "url": item.url,
        "page": item.page,
        "title": item.title,
        "uploader": item.uploader,
        "published": item.published,
        "licence": item.licence,
        "fetched_at": recording["fetched_at"],
        "sha256": recording["sha256"],
        "bytes": recording["bytes"],
    }
    return fields | ({"captions": captions} if captions else {})


def reject_row(name: str, reason: str, message: str, item: Item) -> dict:
    """The row of a recording that is not in the manifest, and why."""
    item = item.clean()
    return {
        "schema": SCHEMA,
        "id": name,
        "stage": STAGE,
        "reason": reason,
        "message": safety.printable(message, 1000),
        "source": source_name(item, name, ""),
        "source_kind": item.kind,
        "url": item.url,
        "page": item.page,
        "title": item.title,
    }


def source_name(item: Item, name: str, suffix: str) -> str:
    """A readable, harmless relative name: kind/title.id.suffix; a file of a folder keeps its place there."""
    if item.kind == "folder":
        *folders, last = PurePosixPath(item.title or "untitled").parts
        stem = PurePosixPath(last).stem
        return "/".join(["folder", *map(safety.label, folders), f"{safety.label(stem)}.{name}{suffix}"])
    title = item.title or PurePosixPath(safety.split(item.url).path).stem
    return f"{item.kind}/{safety.label(title)}.{name}{suffix}"
