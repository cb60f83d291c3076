"""What feeds and hosts said at earlier visits, so that the next run asks only for what is new, and not too often."""

import time

from crawl.store import Store


def conditions(store: Store, source: str, settings: str) -> dict[str, str]:
    """The conditional request headers for a feed that was taken in completely with the same settings, else {}."""
    if not _is_there(store, source):
        return {}
    for row in store.journal.ask("SELECT * FROM visit WHERE source = ? AND settings = ?", source, settings):
        headers = {"If-None-Match": row["etag"], "If-Modified-Since": row["modified"]}
        return {name: value for name, value in headers.items() if value}
    return {}


def was_whole(store: Store, source: str, settings: str) -> bool:
    """True where a feed was taken in completely with the same settings, and all its files still exist."""
    return _is_there(store, source) and bool(
        store.journal.ask("SELECT 1 FROM visit WHERE source = ? AND settings = ?", source, settings)
    )


def record(store: Store, source: str, settings: str, etag: str | None, modified: str | None) -> None:
    """Record the state of a feed of which everything wanted is in the store."""
    with store.journal.change() as execute:
        execute("REPLACE INTO visit VALUES(?, ?, ?, ?)", source, settings, etag, modified)


def pace(store: Store, origin: str, longest: float) -> float | None:
    """Seconds between requests that a host's robots.txt asked for, if read less than `longest` seconds ago."""
    rows = store.journal.ask("SELECT delay, read_at FROM pace WHERE origin = ?", origin)
    return rows[0]["delay"] if rows and 0 <= time.time() - rows[0]["read_at"] < longest else None


def keep_pace(store: Store, origin: str, delay: float) -> None:
    """Record the seconds between requests that a host asks for."""
    with store.journal.change() as execute:
        execute("REPLACE INTO pace VALUES(?, ?, ?)", origin, delay, time.time())


def _is_there(store: Store, source: str) -> bool:
    return all(map(store.is_there, store.findings(source)))
