"""The recordings that links lead to, in the account, each once however often it is met."""

from crawl.account import Account
from crawl.item import Item


class Tally:
    """What was met of one source, of which at most `most` count, and what is in the account."""

    def __init__(self, account: Account, most: int | None):
        self._account, self._most = account, most or float("inf")
        self._met: dict[str, Item] = {}
        self._told: set[str] = set()  # keys

    def is_full(self) -> bool:
        """True once `most` recordings were met."""
        return len(self._met) >= self._most

    def count(self, item: Item) -> bool:
        """Count the item as met; False where the limit is reached already."""
        if item.key not in self._met and self.is_full():
            return False
        self._met[item.key] = item
        return True

    def has(self, item: Item) -> bool:
        """Whether the item is in the account."""
        return item.key in self._told

    def hold(self, item: Item) -> None:
        """Note that the item is in the account."""
        self._told.add(item.key)

    def tell(self, item: Item, outcome: str) -> str:
        """Count the item in the account, unless it is there already; the outcome."""
        if not self.has(item):
            self.hold(item)
            self._account.tell(outcome)
        return outcome

    def fail(self, item: Item, reason: str, message: str) -> str:
        """Record the item as failed in the account, unless it is there already; the reason."""
        if not self.has(item):
            self.hold(item)
            self._account.fail(item, reason, message)
        return reason

    def untold(self) -> list[Item]:
        """What was met and is not in the account."""
        return [item for item in self._met.values() if not self.has(item)]
