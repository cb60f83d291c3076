"""The download store: files named by their content, and a journal that survives kill -9.

A download grows in parts/<hash of its key>. When it is complete, one transaction records its facts and its new name;
then it is renamed. A crash in between is repaired at the next start, since the journal knows where the bytes lie.
Nothing is ever deleted because a source went away.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from crawl.item import Item
from crawl.journal import Journal
from crawl.parts import Parts


class Store:
    """downloads/: `base` is the folder that holds it, to which the paths of rows are relative."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.base = self.folder.parent
        self.folder.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(self.folder / "journal.sqlite")
        self.parts = Parts(self.folder / "parts", self.journal)
        self._finish_renames()
        self.parts.sweep()

    def known(self, item: Item) -> str | None:
        """The id of the recording that one of the item's keys led to before, if its file still exists."""
        return next(filter(None, map(self._led_to, item.keys)), None)

    def seen(self, url: str) -> tuple[str, tuple[str | None, str | None]] | None:
        """(id, (ETag, Last-Modified)) of the recording that an address gave last, if its file still exists."""
        name = self._led_to(url)
        rows = self.journal.ask("SELECT etag, modified FROM address WHERE url = ?", url)
        return (name, tuple(rows[0]) if rows else (None, None)) if name else None

    def same_episode(self, item: Item, name: str) -> bool:
        """True where recording `name` came from an item of the same address, title and time, whatever its key."""
        episode = (item.clean().url, item.clean().title, item.published)
        rows = self.journal.ask("SELECT item FROM finding WHERE id = ?", name)
        items = [Item(**json.loads(row["item"])) for row in rows]
        return any((earlier.url, earlier.title, earlier.published) == episode for earlier in items)

    def forget(self, source: str) -> None:
        """Leave the source's recordings out of the manifest until they are noted again; no file is touched."""
        with self.journal.change() as execute:
            execute("DELETE FROM finding WHERE source = ?", source)

    def distrust(self, name: str) -> None:
        """Have a recording fetched again, since its file has changed; the file stays until then."""
        with self.journal.change() as execute:
            execute("DELETE FROM visit WHERE source IN (SELECT source FROM finding WHERE id = ?)", name)
            execute("DELETE FROM recording WHERE id = ?", name)

    def note(self, item: Item, name: str) -> None:
        """Record that the item's source leads to recording `name`; an existing note stays as it is."""
        with self.journal.change() as execute:
            self._note(execute, item, name)

    def complete(
        self, item: Item, part: Path, suffix: str, validators: tuple[str | None, str | None] = (None, None)
    ) -> tuple[str, bool]:
        """Store a complete download. (id, True), or (id of the same bytes, False) where they are stored already.

        validators: ETag and Last-Modified of the item's address, to ask later whether it has changed.
        """
        sha256 = _sha256(part)
        name, size = "c" + sha256[:12], part.stat().st_size
        file = self.folder / (name + suffix)
        with self.journal.lock:  # held up to the rename: a parallel download of the same bytes has to see the file
            twin = self._recording(sha256)
            with self.journal.change() as execute:
                if not twin:
                    self._keep(execute, name, sha256, size, file, part.name)
                self._note(execute, item, name)
                execute("REPLACE INTO address VALUES(?, ?, ?)", item.url, *validators)
                execute("DELETE FROM partial WHERE key = ?", item.key)
            if twin:
                part.unlink()
            else:
                os.replace(part, file)
        return name, not twin

    def adopt(self, item: Item, path: Path) -> tuple[str, bool]:
        """Store a file where it lies, without copying it. Returns the same as `complete`."""
        sha256 = _sha256(path)
        name = "c" + sha256[:12]
        with self.journal.lock:
            twin = self._recording(sha256)
            with self.journal.change() as execute:
                if not twin:
                    self._keep(execute, name, sha256, path.stat().st_size, path.absolute(), None)
                self._note(execute, item, name)
        return name, not twin

    def restore(self, path: Path, item_of: Callable[[str], Item | None]) -> None:
        """Store a file that is in the folder already, if its hash matches its name; `item_of` gives its item."""
        sha256 = _sha256(path)
        if path.stem == "c" + sha256[:12]:
            item = item_of(sha256)
            with self.journal.change() as execute:
                self._keep(execute, path.stem, sha256, path.stat().st_size, path, None)
                if item:
                    self._note(execute, item, path.stem)

    def findings(self, source: str) -> list[dict]:
        """What a source led to, in the order it was found: the recording's fields and `item`."""
        rows = self.journal.ask(
            "SELECT r.*, f.item FROM finding f JOIN recording r ON r.id = f.id WHERE f.source = ? ORDER BY f.number",
            source,
        )
        return [dict(row) | {"item": Item(**json.loads(row["item"]))} for row in rows]

    def recordings(self) -> list[dict]:
        """All that is in the store, whatever led there."""
        return [dict(row) for row in self.journal.ask("SELECT * FROM recording ORDER BY id")]

    def is_there(self, recording: dict | sqlite3.Row) -> bool:
        """True where the recording's file is in its place and has its full length."""
        try:
            return self.file(recording).stat().st_size == recording["bytes"]
        except OSError:
            return False

    def path(self, recording: dict | sqlite3.Row) -> str:
        """The recording's path relative to `base`, with forward slashes."""
        return Path(os.fsdecode(recording["file"])).as_posix()

    def file(self, recording: dict | sqlite3.Row) -> Path:
        """Where the recording lies."""
        return self.base / os.fsdecode(recording["file"])

    def place(self, file: Path) -> bytes:
        """A file's path as the journal has it: bytes, since a folder may hold names that are not UTF-8."""
        return os.fsencode(os.path.relpath(file, self.base))

    def _led_to(self, key: str) -> str | None:
        for row in self.journal.ask("SELECT r.* FROM known k JOIN recording r ON r.id = k.id WHERE k.key = ?", key):
            if self.is_there(row):
                return row["id"]
        return None

    def _recording(self, sha256: str) -> bool:
        """True where these bytes are in the store; their row is deleted where the file is gone."""
        for row in self.journal.ask("SELECT * FROM recording WHERE sha256 = ?", sha256):
            if self.is_there(row):
                return True
            with self.journal.change() as execute:
                execute("DELETE FROM recording WHERE id = ?", row["id"])
        return False

    def _keep(self, execute, name: str, sha256: str, size: int, file: Path, part: str | None) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        execute("INSERT INTO recording VALUES(?, ?, ?, ?, ?, ?)", name, sha256, size, self.place(file), part, now)

    def _note(self, execute, item: Item, name: str) -> None:
        # An episode is found by its guid, and also by its address alone.
        for key in item.keys + ((item.url,) if item.kind == "feed" else ()):
            execute("REPLACE INTO known VALUES(?, ?)", key, name)
        execute(
            "INSERT INTO finding(source, key, id, item) VALUES(?, ?, ?, ?) "
            "ON CONFLICT(source, key) DO UPDATE SET id = excluded.id",
            item.source,
            item.key,
            name,
            json.dumps(asdict(item.clean())),
        )

    def _finish_renames(self) -> None:
        for row in self.journal.ask("SELECT * FROM recording WHERE part IS NOT NULL"):
            part = self.parts.folder / row["part"]
            if not self.is_there(row) and part.is_file() and part.stat().st_size == row["bytes"]:
                os.replace(part, self.file(row))


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
