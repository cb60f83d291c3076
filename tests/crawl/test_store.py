"""The store: one of each recording, nothing torn, nothing deleted, and no memory for a large file."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from conftest import QUICK, ROOT, python
from servers import Site, serve, sound

from crawl.item import Item
from crawl.store import Store

GIGABYTE = 1_000_000_000


def item(key: str, **more) -> Item:
    return Item(**{"kind": "http", "source": f"http:{key}", "key": key, "url": key, "title": "T"} | more)


def test_the_same_recording_from_two_sources_is_kept_once(room):
    site = Site({"a.mp3": sound("a", 4_000), "b.mp3": sound("a", 4_000), "c.mp3": sound("c", 4_000)})
    (room.folder / "mine").mkdir()
    (room.folder / "mine" / "c.mp3").write_bytes(site.files["c.mp3"])
    with serve(site):
        sources = [{"http": [f"{site.url}/f/a.mp3"]}, {"http": [f"{site.url}/f/{n}.mp3" for n in "bc"]}]
        sources.append({"folder": str(room.folder / "mine")})
        for _ in range(2):
            room.crawl(sources)
            assert [row["url"].rpartition("/")[2] for row in room.rows] == ["a.mp3", "c.mp3"]
            assert [row["reason"] for row in room.rejects] == ["duplicate"] * 2
        room.crawl(sources[1:])  # the first source is gone: the recording now comes from the other
        assert [row["url"].rpartition("/")[2] for row in room.rows] == ["b.mp3", "c.mp3"]
    assert len(list((room.folder / "downloads").glob("c*.mp3"))) == 2


def test_a_folder_stays_where_it_is(room):
    folder = room.folder / "mine" / "sub"
    folder.mkdir(parents=True)
    names = [b"plain.mp3", b"with space; $(id).mp3", b"latin-\xe9.mp3", "오늘.mp3".encode(), b"-dash\nline.mp3"]
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(sound(repr(name), 3_000))
    (room.folder / "mine" / "notes.md").write_text("no recording")
    told = room.crawl([{"folder": str(room.folder / "mine")}])
    assert "5 new" in told
    assert {room.file(row).read_bytes() for row in room.rows} == {sound(repr(name), 3_000) for name in names}
    assert all(row["source"].startswith("folder/sub/") and row["source_kind"] == "folder" for row in room.rows)
    (folder / "plain.mp3").unlink()
    assert "0 new, 4 known" in room.crawl([{"folder": str(room.folder / "mine")}])
    assert len(room.rows) == 4
    assert not list((room.folder / "downloads").glob("c*"))
    one = room.file(room.rows[0])
    one.write_bytes(sound("other bytes", 3_000))
    assert "1 new, 3 known" in room.crawl([{"folder": str(room.folder / "mine")}])
    assert len(room.rows) == 4 and len({row["path"] for row in room.rows}) == 4


def test_a_crash_between_journal_and_rename_is_mended(tmp_path):
    store = Store(tmp_path / "downloads")
    one = item("k")
    part = store.parts.of(one.key)
    part.write_bytes(b"whole")
    name, new = store.complete(one, part, ".mp3")
    assert new
    os.replace(tmp_path / "downloads" / f"{name}.mp3", part)  # as if killed before the rename
    assert Store(tmp_path / "downloads").known(one) == name and not part.exists()


def test_a_file_that_someone_deleted_is_fetched_again(tmp_path):
    store = Store(tmp_path / "downloads")
    one = item("k")
    store.parts.of(one.key).write_bytes(b"whole")
    name, _ = store.complete(one, store.parts.of(one.key), ".mp3")
    (tmp_path / "downloads" / f"{name}.mp3").unlink()
    assert store.known(one) is None
    store.parts.of(one.key).write_bytes(b"whole")
    assert store.complete(one, store.parts.of(one.key), ".mp3") == (name, True)


def test_a_second_crawl_waits_for_the_first(room):
    site = Site({"a.mp3": sound("a", 200_000)})
    site.block_seconds = 0.1
    with serve(site):
        source = [{"http": [f"{site.url}/f/a.mp3"]}]
        first = room.start(source)
        second = room.start(source)
        tales = [crawl.communicate(timeout=60)[1] for crawl in (first, second)]
    assert first.returncode == second.returncode == 0
    assert sum("waiting for another crawl" in told for told in tales) == 1 and site.delivered == {"a.mp3": 1}


class _Large(BaseHTTPRequestHandler):
    """A gigabyte, made as it is sent; and a file of a megabyte to compare with."""

    block = bytes(range(256)) * 4096

    def do_GET(self):
        size = GIGABYTE if "large" in self.path else 1_000_000
        self.send_response(200)
        self.send_header("Content-Type", "audio/mpeg")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        for at in range(0, size, len(self.block)):
            self.wfile.write(self.block[: size - at])

    def log_message(self, *_):
        pass


def test_memory_stays_flat_on_a_gigabyte(room):
    """Peak resident memory of the crawl, a file of 1 GB against one of 1 MB."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Large) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        peaks = {}
        for name in ("small", "large"):
            given = room.folder / f"{name}.json"
            url = f"http://127.0.0.1:{server.server_port}/{name}.mp3"
            settings = QUICK | {"respect_robots": False, "timeout_seconds": 20}
            given.write_text(json.dumps({"sources": [{"http": url}], "crawl": settings}))
            command = [python(), "-m", "crawl", "--settings", given, "--downloads", room.folder / "downloads"]
            code = (
                "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
            )
            command = [sys.executable, "-c", code, *command, "--out", room.folder / "out"]
            told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=150)
            peaks[name] = int(told.stdout) / 1024
        server.shutdown()
    (row,) = room.rows
    assert row["bytes"] == GIGABYTE
    room.file(row).unlink()
    print(f"\npeak memory: {peaks['small']:.0f} MiB for 1 MB, {peaks['large']:.0f} MiB for 1 GB")
    assert peaks["large"] < peaks["small"] + 16


def test_the_hash_is_of_what_lies_there(room):
    site = Site({"a.ogg": sound("a", 7_777)})
    with serve(site):
        room.crawl([{"http": f"{site.url}/f/a.ogg?token=1"}])
    (row,) = room.rows
    assert row["sha256"] == hashlib.sha256(site.files["a.ogg"]).hexdigest() and row["bytes"] == 7_777
    assert row["id"] == "c" + row["sha256"][:12] and row["path"] == f"downloads/{row['id']}.ogg"
    wanted = "schema id path source source_kind url page title uploader published licence fetched_at sha256 bytes"
    assert " ".join(row) == wanted
