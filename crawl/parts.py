"""parts/: downloads in progress, and what was stated about each when it began."""

import hashlib
import time
from pathlib import Path

from crawl.journal import Journal

FORGOTTEN_SECONDS = 30 * 86400  # after which a partial download that was not resumed is removed


class Parts:
    """The folder in which downloads grow, each known by its key."""

    def __init__(self, folder: Path, journal: Journal):
        self.folder, self._journal = folder, journal
        self.folder.mkdir(exist_ok=True)

    def of(self, key: str) -> Path:
        """Where the download known as `key` grows."""
        return self.folder / (_digest(key)[:32] + ".part")

    def stated(self, key: str) -> tuple[str | None, int | None]:
        """(validator for If-Range, total bytes) of a download in progress, each None where not known."""
        rows = self._journal.ask("SELECT validator, total FROM partial WHERE key = ?", key)
        return tuple(rows[0]) if rows else (None, None)

    def begin(self, key: str, validator: str | None, total: int | None) -> None:
        """Record what the server stated about a download that starts at its first byte."""
        with self._journal.change() as execute:
            execute("REPLACE INTO partial VALUES(?, ?, ?)", key, validator, total)

    def sweep(self) -> None:
        """Remove partial downloads that the journal does not know, or that were not resumed for long."""
        begun = {self.of(row["key"]).name for row in self._journal.ask("SELECT key FROM partial")}
        for left in self.folder.iterdir():
            if left.name not in begun or time.time() - left.stat().st_mtime > FORGOTTEN_SECONDS:
                left.unlink()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
