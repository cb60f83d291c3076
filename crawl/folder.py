"""folder: recordings that are on this machine already. They stay where they are."""

import os
from urllib.parse import quote

from crawl.account import Account
from crawl.item import Item
from crawl.tools import Tools
from pipeline import inputs


def bring(folder: str, tools: Tools, account: Account) -> None:
    """Take in every recording of a folder (or one file), read once and then known by size and time."""
    source = f"folder:{folder}"
    account.lead(source)
    if not tools.plan:
        tools.store.forget(source)  # only the folder's present files count, not replaced ones
    items, paths = [], {}
    for recording in inputs.find(folder):
        stat = recording.path.stat()
        key = f"file:{quote(os.fsencode(recording.path.absolute()))}:{stat.st_size}:{stat.st_mtime_ns}"
        paths[key] = recording.path
        title = os.fsencode(recording.source).decode("utf-8", "replace")
        url = "file:" + quote(os.fsencode(recording.path))
        items.append(Item(kind="folder", source=source, key=key, url=url, title=title, size=stat.st_size))
    for item in tools.wanted(items, account):
        with account.attempt(item):
            if name := tools.store.known(item):
                tools.know(item, name, account)
            elif tools.plan:
                tools.plan.add(item, item.url, tools.web, account)
            else:
                _, new = tools.store.adopt(item, paths[item.key])
                account.tell("new" if new else "duplicate")
