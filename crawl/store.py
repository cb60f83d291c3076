"""The download store: files named by their content, and a journal that survives kill -9.

The journal is SQLite, from the standard library: one file, transactions that a crash cannot tear, and lookups by
address and by content; lines appended to a text file would need all of that rebuilt.

A download grows in parts/<hash of its key>. When it is whole, one transaction writes down what it is and what it
will be called; then it is renamed. A crash in between is mended at the next start, since the journal tells where
the bytes lie. Nothing is ever deleted because a source went away.
"""

import fcntl
import hashlib
import json
import os
import sqlite3
import sys
import threading
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from crawl.item import Item

_SCHEMA = """
CREATE TABLE IF NOT EXISTS recording(id TEXT PRIMARY KEY, sha256 TEXT UNIQUE, bytes INTEGER, file BLOB, part TEXT,
                                     fetched_at TEXT);
CREATE TABLE IF NOT EXISTS known(key TEXT PRIMARY KEY, id TEXT);
CREATE TABLE IF NOT EXISTS finding(number INTEGER PRIMARY KEY, source TEXT, key TEXT, id TEXT, item TEXT,
                                   UNIQUE(source, key));
CREATE TABLE IF NOT EXISTS partial(key TEXT PRIMARY KEY, validator TEXT, total INTEGER);
CREATE TABLE IF NOT EXISTS visit(source TEXT PRIMARY KEY, settings TEXT, etag TEXT, modified TEXT);
"""


class Store:
    """downloads/: `base` is the folder that holds it, to which the paths of rows are relative."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.base = self.folder.parent
        self.parts = self.folder / "parts"
        self.parts.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._journal = sqlite3.connect(self.folder / "journal.sqlite", check_same_thread=False, timeout=60)
        self._journal.row_factory = sqlite3.Row
        self._journal.executescript(_SCHEMA)
        self._finish_renames()

    def part(self, key: str) -> Path:
        """Where the download known as `key` grows."""
        return self.parts / (_digest(key)[:32] + ".part")

    def known(self, item: Item) -> str | None:
        """The id of the recording that one of the item's keys led to before, where its file still lies there."""
        for key in item.keys:
            for row in self._ask("SELECT r.* FROM known k JOIN recording r ON r.id = k.id WHERE k.key = ?", key):
                if self.is_there(row):
                    return row["id"]
        return None

    def forget(self, source: str) -> None:
        """Leave out of the manifest what the source led to, until it is noted again; no file is touched."""
        with self._change():
            self._journal.execute("DELETE FROM finding WHERE source = ?", (source,))

    def note(self, item: Item, name: str) -> None:
        """Write down that the item's source leads to recording `name`; what is noted already stays as it is."""
        with self._change():
            self._note(item, name)

    def complete(self, item: Item, part: Path, suffix: str) -> tuple[str, bool]:
        """Take a whole download in. (id, True), or (id of the same bytes, False) where they are there already."""
        sha256 = _sha256(part)
        name, size = "c" + sha256[:12], part.stat().st_size
        file = self.folder / (name + suffix)
        with self._lock:
            twin = self._recording(sha256)
            with self._change():
                if not twin:
                    self._keep(name, sha256, size, file, part.name)
                self._note(item, name)
                self._journal.execute("DELETE FROM partial WHERE key = ?", (item.key,))
        if twin:
            part.unlink()
        else:
            os.replace(part, file)
        return name, not twin

    def adopt(self, item: Item, path: Path) -> tuple[str, bool]:
        """Take in a file where it lies, without copying it. The answer is that of `complete`."""
        sha256 = _sha256(path)
        name = "c" + sha256[:12]
        with self._lock:
            twin = self._recording(sha256)
            with self._change():
                if not twin:
                    self._keep(name, sha256, path.stat().st_size, path.absolute(), None)
                self._note(item, name)
        return name, not twin

    def partial(self, key: str) -> tuple[str | None, int | None]:
        """(validator for If-Range, total bytes) of the download that was begun, each None where not known."""
        rows = self._ask("SELECT validator, total FROM partial WHERE key = ?", key)
        return (rows[0]["validator"], rows[0]["total"]) if rows else (None, None)

    def begin(self, key: str, validator: str | None, total: int | None) -> None:
        """Write down what a download that starts at its first byte was said to be."""
        with self._change():
            self._journal.execute("REPLACE INTO partial VALUES(?, ?, ?)", (key, validator, total))

    def visit(self, source: str, settings: str) -> dict[str, str]:
        """The conditional request headers for a feed that was wholly taken in with the same settings, else {}."""
        if any(not self.is_there(row) for row in self.findings(source)):
            return {}
        for row in self._ask("SELECT * FROM visit WHERE source = ? AND settings = ?", source, settings):
            headers = {"If-None-Match": row["etag"], "If-Modified-Since": row["modified"]}
            return {name: value for name, value in headers.items() if value}
        return {}

    def visited(self, source: str, settings: str, etag: str | None, modified: str | None) -> None:
        """Write down the state of a feed of which everything wanted is in the store."""
        with self._change():
            self._journal.execute("REPLACE INTO visit VALUES(?, ?, ?, ?)", (source, settings, etag, modified))

    def findings(self, source: str) -> list[dict]:
        """What a source led to, in the order it was found: the recording's fields and `item`."""
        rows = self._ask(
            "SELECT r.*, f.item FROM finding f JOIN recording r ON r.id = f.id WHERE f.source = ? ORDER BY f.number",
            source,
        )
        return [dict(row) | {"item": Item(**json.loads(row["item"]))} for row in rows]

    def is_there(self, recording: dict | sqlite3.Row) -> bool:
        """True where the recording's file lies in its place, whole."""
        try:
            return self._file(recording).stat().st_size == recording["bytes"]
        except OSError:
            return False

    def path(self, recording: dict | sqlite3.Row) -> str:
        """The recording's path relative to `base`, with forward slashes."""
        return Path(os.fsdecode(recording["file"])).as_posix()

    def _file(self, recording: dict | sqlite3.Row) -> Path:
        return self.base / os.fsdecode(recording["file"])

    def _recording(self, sha256: str) -> bool:
        """True where these bytes are in the store; forgets them where their file is gone."""
        for row in self._ask("SELECT * FROM recording WHERE sha256 = ?", sha256):
            if self.is_there(row):
                return True
            with self._change():
                self._journal.execute("DELETE FROM recording WHERE id = ?", (row["id"],))
        return False

    def _keep(self, name: str, sha256: str, size: int, file: Path, part: str | None) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        place = os.fsencode(os.path.relpath(file, self.base))  # bytes: a folder may hold names that are not UTF-8
        self._journal.execute("INSERT INTO recording VALUES(?, ?, ?, ?, ?, ?)", (name, sha256, size, place, part, now))

    def _note(self, item: Item, name: str) -> None:
        for key in item.keys:
            self._journal.execute("REPLACE INTO known VALUES(?, ?)", (key, name))
        self._journal.execute(
            "INSERT INTO finding(source, key, id, item) VALUES(?, ?, ?, ?) "
            "ON CONFLICT(source, key) DO UPDATE SET id = excluded.id",
            (item.source, item.key, name, json.dumps(asdict(item.clean()))),
        )

    def _finish_renames(self) -> None:
        for row in self._ask("SELECT * FROM recording WHERE part IS NOT NULL"):
            part = self.parts / row["part"]
            if not self.is_there(row) and part.is_file() and part.stat().st_size == row["bytes"]:
                os.replace(part, self._file(row))

    def _ask(self, query: str, *values) -> list[sqlite3.Row]:
        with self._lock:
            return self._journal.execute(query, values).fetchall()

    @contextmanager
    def _change(self):
        """One transaction, on disk when it is left."""
        with self._lock, self._journal:
            yield


@contextmanager
def alone(folder: Path):
    """Hold the downloads: a second crawl waits for the first, and for what a killed one left running."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another crawl that works in {folder}", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
