"""Bring recordings in: `python -m crawl --settings FILE.json`, or with sources as flags.

python -m crawl --verify --downloads downloads      are all files still what was fetched?
"""

import argparse
import os
import signal
import sys
import traceback
from pathlib import Path

from crawl import settings
from pipeline import entry
from pipeline.errors import ConfigError

EPILOG = """Every file in the manifest has a path relative to the folder that holds --downloads. Nothing that is
complete is fetched again; a crawl may be ended at any moment and goes on where it was. Exit 0: something is there
(what failed stands in rejects.jsonl); 1: nothing is, or a setting is wrong. Take only what you may use."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command_line = argparse.ArgumentParser(
        prog="python -m crawl", description=__doc__, epilog=EPILOG, formatter_class=entry.Defaults
    )
    command_line.add_argument("--settings", type=Path, metavar="FILE.json", help='{"sources": [...], "crawl": {...}}')
    command_line.add_argument("--downloads", type=Path, default=Path("downloads"), help="the store")
    command_line.add_argument(
        "--out", type=Path, default=Path("work/crawl"), help="folder for the manifest and the rejects"
    )
    command_line.add_argument(
        "--dry-run", action="store_true", help="list what would come, with sizes, and bring in nothing"
    )
    command_line.add_argument(
        "--verify", action="store_true", help="check the hash of every file of the store, no more"
    )
    by_hand = command_line.add_argument_group("sources by hand, each as often as you like")
    by_hand.add_argument("--links", action="append", metavar="FILE|URL", help="videos, playlists, channels")
    by_hand.add_argument("--feed", action="append", metavar="URL", help="a podcast's RSS, Atom or JSON Feed, or OPML")
    by_hand.add_argument("--http", action="append", metavar="FILE|URL", help="direct links to recordings")
    by_hand.add_argument("--folder", action="append", metavar="PATH", help="recordings that are there")
    listing = command_line.add_argument_group("one listing by hand; all but the first and --pages are CSS selectors")
    listing.add_argument("--listing", metavar="URL", help="a page that lists recordings; may hold {page}")
    listing.add_argument("--item", help="one element per recording")
    listing.add_argument("--link", help="inside an item: what links to the recording")
    listing.add_argument("--title", help="inside an item: its title")
    listing.add_argument("--next", help="what to click for the next page")
    listing.add_argument("--pages", help="3, 2-5, or all")
    listing.add_argument("--recording", help="where the link leads to a page: what links to the recording there")
    listing.add_argument("--scroll", action="store_true", help="more items come as one scrolls down")
    limits = command_line.add_argument_group("limits; the other settings of the crawl section by --settings only")
    limits.add_argument("--max-items", type=int, help="recordings of each source")
    limits.add_argument("--allow-private-hosts", action="store_true", help="also loopback and private addresses")
    return command_line


def gather(args: argparse.Namespace) -> settings.Settings:
    """The settings of the file, with the flags laid over. Raises ConfigError."""
    base = settings.load(args.settings).model_dump() if args.settings else {"sources": [], "crawl": {}}
    for kind in ("links", "feed", "http", "folder"):
        base["sources"] += [{kind: address} for address in getattr(args, kind) or []]
    flags = {name: getattr(args, name) for name in ("item", "link", "title", "next", "pages", "recording", "scroll")}
    flags = {name: value for name, value in flags.items() if value}
    if args.listing:
        base["sources"].append({"listing": {"url": args.listing, **flags}})
    elif flags:
        raise ConfigError(f"crawl: --{next(iter(flags))} says how to read a listing: add --listing URL.")
    if args.max_items is not None:
        base["crawl"]["max_items"] = args.max_items
    if args.allow_private_hosts:
        base["crawl"]["allow_private_hosts"] = True
    if not base["sources"]:
        raise ConfigError("crawl: no sources: name one, for example --feed URL, or give --settings FILE.json.")
    return settings.check(base)


def main() -> None:
    args = parser().parse_args()
    if args.verify:
        from crawl.alone import alone
        from crawl.rebuild import rebuild
        from crawl.store import Store
        from crawl.verify import verify

        with alone(args.downloads):
            store = Store(args.downloads)
            rebuild(store, args.out)
            return verify(store)
    chosen = gather(args)
    from crawl.crawler import crawl

    crawl(chosen, args.downloads, args.out, args.dry_run)


def end(*_) -> None:
    """A signal to end, obeyed at once: downloads in progress are not waited for, the store stands any end."""
    os.write(2, b"ended; what is complete is kept, what was begun goes on with the next crawl.\n")
    os._exit(130)  # the browser and the other processes of the crawl end with it


def run() -> int:
    """The program's exit status."""
    try:
        entry.run(main)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
            return 1
        return ended.code or 0
    return 0


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, end)
    status = 1
    try:
        status = run()
    except BaseException:
        traceback.print_exc()
    finally:  # without waiting for threads that a slow server holds up
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
