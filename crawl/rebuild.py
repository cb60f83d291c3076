"""Rebuilds a journal that is damaged or gone from its copy, from the manifest and from the files themselves."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from crawl.account import log
from crawl.item import Item
from crawl.journal import COPY
from crawl.store import Store
from pipeline import manifest

_STORED = re.compile(r"c[0-9a-f]{12}\.(?!vtt|srt|json)\w+")
_ITEM = ("url", "page", "title", "uploader", "published", "licence")


def rebuild(store: Store, out: Path) -> None:
    """Fill an empty journal with what is in downloads/, so that nothing there is fetched again.

    out/journal.jsonl, written by the last crawl that finished, has everything; out/manifest.jsonl, left by older
    crawls, has the addresses. A file counts only where its hash is the one stated there.
    """
    if store.recordings() or not any(_STORED.fullmatch(path.name) for path in store.folder.iterdir()):
        return
    store.journal.take(_rows(out / COPY))
    listed = {row["file"] for row in store.recordings()}
    rows = {row.get("sha256"): row for row in _manifest(out / "manifest.jsonl")}
    for path in sorted(store.folder.iterdir()):
        if _STORED.fullmatch(path.name) and store.place(path) not in listed:
            store.restore(path, lambda sha256: _item(rows.get(sha256)))
    log.warning("crawl: the journal was made again: %d recordings are in downloads", len(store.recordings()))


def _item(row: dict | None) -> Item | None:
    """The item that a manifest row stands for, as far as it tells."""
    if not row or not isinstance(row.get("url"), str):
        return None
    fields = {name: row.get(name) for name in _ITEM}
    kind = row.get("source_kind") or "http"
    # Which feed or page led here is not in the manifest: the source finds it again by its address.
    return Item(kind=kind, source=f"{kind}:{row['url']}", key=row["url"], **fields)


def _rows(path: Path) -> Iterator[list]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            table, row = json.loads(line)
            yield table, row
        except (ValueError, TypeError):
            log.warning("crawl: %s: a line is left out, since it is not JSON", path)


def _manifest(path: Path) -> list[dict]:
    try:
        return [row for row in manifest.lines(path) if isinstance(row, dict)]
    except Exception:  # missing or unreadable: then the files have to suffice
        return []
