"""One crawl: every source in turn, then the manifest of what is there and the rejects of what is not."""

import json
import time
from collections import Counter
from functools import partial
from pathlib import Path

from crawl import browser, captions, feed, folder, http, links, listing, safety
from crawl.account import Account, log
from crawl.alone import alone
from crawl.item import Item, reject_row, row
from crawl.journal import COPY
from crawl.lists import read_list
from crawl.plan import Plan
from crawl.rebuild import rebuild
from crawl.robots import Robots
from crawl.settings import Settings
from crawl.sources import Listing, kind_of
from crawl.store import Store
from crawl.tools import Tools
from crawl.web import Web
from pipeline import inputs, manifest
from pipeline.errors import VoxsieveError

BRING = {"links": links.bring, "feed": feed.bring, "listing": listing.bring, "http": http.bring, "folder": folder.bring}
# Faults that a person has to correct are reported before hours of downloading, not after.
CHECK = {
    "links": partial(read_list, kind="links"),
    "feed": feed.check,
    "http": partial(read_list, kind="http"),
    "listing": lambda _: browser.programs(),
    "folder": inputs.find,
}


def crawl(settings: Settings, downloads: Path, out: Path, dry: bool = False) -> None:
    """Bring in what is new and write out/manifest.jsonl and out/rejects.jsonl; dry: print what would come instead.

    Raises ConfigError for faults that a person has to correct first, VoxsieveError where no recording was had.
    """
    from tqdm.contrib.logging import logging_redirect_tqdm

    begun = time.monotonic()
    asked = [kind_of(source) for source in settings.sources]
    for kind, what in asked:
        CHECK[kind](what)
    with alone(downloads), logging_redirect_tqdm():
        web, store = Web(settings.crawl), Store(downloads)
        rebuild(store, out)
        tools = Tools(settings.crawl, store, web, Robots(web, store), Plan() if dry else None)
        accounts = [_bring(kind, what, tools) for kind, what in asked]
        rows, rejects = collect(store, tools, accounts)
        if not dry:
            # Under the lock, so that another crawl of the same folders cannot write in between.
            write(out / "rejects.jsonl", rejects)
            write(out / "manifest.jsonl", rows)
            manifest.write_text(out / COPY, "".join(store.journal.copy()))
    summarize(rows, rejects, accounts, time.monotonic() - begun)
    if tools.plan:
        print(tools.plan.total())
    elif not rows:
        first = f" The first: {rejects[0]['url']}: {rejects[0]['message']}" if rejects else ""
        raise VoxsieveError(f"crawl: no recording could be had from any of the {len(asked)} sources.{first}")


def _bring(kind: str, what, tools: Tools) -> Account:
    account = Account(f"{kind} {called(what)}")
    try:
        BRING[kind](what, tools, account)
    finally:
        account.close()
    return account


def called(what: str | list[str] | Listing) -> str:
    """A short name of a source, for messages."""
    return f"({len(what)} addresses)" if isinstance(what, list) else getattr(what, "url", what)


def summarize(rows: list[dict], rejects: list[dict], accounts: list[Account], seconds: float) -> None:
    """Log what was fetched, what was known, what failed and why, the bytes and the time."""
    counts = {name: sum(account.counts[name] for account in accounts) for name in ("new", "known", "failed")}
    megabytes = sum(account.bytes for account in accounts) / 1e6
    log.info(
        "crawl: %d recordings in the manifest; %d new, %d known, %d failed, %d duplicate; %.1f MB came in %.0f s",
        len(rows),
        *counts.values(),
        len(rejects) - counts["failed"],
        megabytes,
        seconds,
    )
    reasons = Counter(row["reason"] for row in rejects if row["reason"] != "duplicate")
    if reasons:
        log.info("crawl: failed: %s", ", ".join(f"{count} {reason}" for reason, count in reasons.most_common()))


def collect(store: Store, tools: Tools, accounts: list[Account]) -> tuple[list[dict], list[dict]]:
    """(manifest rows, reject rows) of this crawl's sources: what they led to, now or earlier, each recording once."""
    rows: dict[str, dict] = {}
    rejects = [reject for account in accounts for reject in account.rejects]
    texts = captions.beside(store)
    for source in dict.fromkeys(source for account in accounts for source in account.sources):
        for finding in store.findings(source):
            item: Item = finding["item"]
            if not store.is_there(finding) or not tools.settings.wants(item.published, item.duration):
                continue
            if first := rows.get(finding["id"]):
                rejects.append(duplicate(item, first))
            else:
                rows[finding["id"]] = row(item, finding, store.path(finding), texts.get(finding["id"], []))
    by_source = sorted(rows.values(), key=lambda entry: (entry["source"], entry["id"]))
    return by_source, sorted(rejects, key=lambda entry: (entry["reason"] == "duplicate", entry["source"], entry["id"]))


def duplicate(item: Item, first: dict) -> dict:
    """The reject of a recording whose bytes are in the manifest under another source."""
    return reject_row(first["id"], "duplicate", f"The same bytes as {safety.printable(first['url'])}.", item)


def write(path: Path, rows: list[dict]) -> None:
    """Rows as JSON Lines, by rename."""
    manifest.write_text(path, "".join(json.dumps(entry, allow_nan=False) + "\n" for entry in rows))
