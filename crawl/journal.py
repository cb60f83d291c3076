"""The journal of the store: one SQLite file, with the standard library.

SQLite gives atomic transactions and lookups by address and by content, which a text file does not. The journal is also
written out as text at the end of every crawl, from which it is rebuilt where it is damaged or gone.
"""

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import VoxsieveError

log = logging.getLogger("voxsieve")
COPY = "journal.jsonl"  # in the folder of the manifest
_SCHEMA = """
CREATE TABLE IF NOT EXISTS recording(id TEXT PRIMARY KEY, sha256 TEXT UNIQUE, bytes INTEGER, file BLOB, part TEXT,
                                     fetched_at TEXT);
CREATE TABLE IF NOT EXISTS known(key TEXT PRIMARY KEY, id TEXT);
CREATE TABLE IF NOT EXISTS finding(number INTEGER PRIMARY KEY, source TEXT, key TEXT, id TEXT, item TEXT,
                                   UNIQUE(source, key));
CREATE TABLE IF NOT EXISTS partial(key TEXT PRIMARY KEY, validator TEXT, total INTEGER);
CREATE TABLE IF NOT EXISTS visit(source TEXT PRIMARY KEY, settings TEXT, etag TEXT, modified TEXT);
CREATE TABLE IF NOT EXISTS address(url TEXT PRIMARY KEY, etag TEXT, modified TEXT);
CREATE TABLE IF NOT EXISTS pace(origin TEXT PRIMARY KEY, delay REAL, read_at REAL);
"""
# The other tables are not worth restoring: downloads in progress, visits, the pace of hosts.
_COPIED = ("recording", "known", "finding", "address")


class Journal:
    """The tables of _SCHEMA, for several threads. A file that cannot be read is renamed, and an empty one begun.

    VoxsieveError where the disk takes no more, or the file may not be written.
    """

    def __init__(self, path: Path):
        self.path = path
        self.lock = threading.RLock()
        with self._explained():
            try:
                self._connection = _open(path)
            except sqlite3.OperationalError:  # no room, no permission: nothing is wrong with the file itself
                raise
            except sqlite3.DatabaseError as error:
                self._put_aside(error)
                self._connection = _open(path)

    def ask(self, query: str, *values) -> list[sqlite3.Row]:
        """The rows that a query gives."""
        with self._explained(), self.lock:
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def change(self):
        """A function that executes a statement: all of the block's in one transaction, on disk when it is left."""
        with self._explained(), self.lock, self._connection:
            yield lambda query, *values: self._connection.execute(query, values)

    def _put_aside(self, error: Exception) -> None:
        aside = next(place for n in range(1, 10**6) if not (place := self.path.with_suffix(f".damaged-{n}")).exists())
        log.warning("crawl: the journal %s is damaged (%s): kept as %s and rebuilt", self.path, error, aside.name)
        os.replace(self.path, aside)
        for name in ("-wal", "-journal", "-shm"):
            self.path.with_name(self.path.name + name).unlink(missing_ok=True)

    @contextmanager
    def _explained(self):
        try:
            yield
        except sqlite3.OperationalError as error:
            raise VoxsieveError(
                f"crawl: the journal {self.path} cannot be used ({error}): make room, or make it writable; run again."
            ) from error

    def copy(self) -> Iterable[str]:
        """What is worth keeping, as JSON Lines: [table, row]."""
        for table in _COPIED:
            for row in self.ask(f"SELECT * FROM {table} ORDER BY rowid"):
                fields = {name: os.fsdecode(value) if name == "file" else value for name, value in dict(row).items()}
                yield json.dumps([table, fields | ({"part": None} if "part" in fields else {})]) + "\n"

    def take(self, rows: Iterable[tuple[str, dict]]) -> None:
        """Restore rows that `copy` gave, in one transaction; invalid ones are left out with a warning."""
        columns = {table: {row["name"] for row in self.ask(f"PRAGMA table_info({table})")} for table in _COPIED}
        with self.change() as execute:
            for table, row in rows:
                try:
                    if not set(row) <= columns[table]:
                        raise ValueError(f"table {table} has no such columns")
                    row = {name: os.fsencode(value) if name == "file" else value for name, value in row.items()}
                    marks = ", ".join("?" * len(row))
                    execute(f"INSERT OR IGNORE INTO {table}({', '.join(row)}) VALUES({marks})", *row.values())
                except (ValueError, TypeError, KeyError, AttributeError, sqlite3.Error) as error:
                    log.warning("crawl: the copy of the journal: a row is left out: %s", error)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, timeout=60)
    connection.row_factory = sqlite3.Row
    try:
        connection.executescript(_SCHEMA)
        (fault,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if fault != "ok":
            raise sqlite3.DatabaseError(fault)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
