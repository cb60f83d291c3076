"""http: a list of direct links to recordings."""

from crawl import safety
from crawl.account import Account
from crawl.item import Item
from crawl.lists import read_list
from crawl.tools import Tools


def bring(links: str | list[str], tools: Tools, account: Account) -> None:
    """Bring in every link of a list, a text file, or one address."""
    items = []
    for url in read_list(links, "http"):
        key = safety.canonical(url)
        items.append(Item(kind="http", source=f"http:{key}", key=key, url=key))
        account.lead(items[-1].source)
    tools.bring(items, account, check_robots=True)
