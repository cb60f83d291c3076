"""What the store stands: a journal that is damaged or gone, files that are not what they were, races, orphans."""

import os
import threading
import time

import pytest
from raw import Raw, answer, serving
from servers import Site, serve, sound
from test_feed import episode, rss
from test_store import item

from crawl.parts import FORGOTTEN_SECONDS
from crawl.store import Store

DAMAGES = {
    "gone": lambda path: path.unlink(),
    "no database": lambda path: path.write_bytes(b"nothing of the kind" * 1000),
    "torn": lambda path: path.write_bytes(path.read_bytes()[:5000] + b"\xff" * 9000),
    "empty": lambda path: path.write_bytes(b""),
}


def journal(room):
    return room.folder / "downloads" / "journal.sqlite"


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_journal_is_made_again(room, damage):
    """Nothing is fetched anew, and the manifest is the same, also of what the feed no longer lists."""
    site = Site({f"{n}.mp3": sound(str(n), 9_000) for n in range(6)})
    with serve(site):
        sources = [{"feed": site.url + "/feed"}, {"http": [f"{site.url}/f/5.mp3"]}]
        for numbers in ((0, 1, 2), (1, 2, 3)):
            site.pages["/feed"] = ("text/xml", rss(site.url, [episode(n) for n in numbers]))
            room.crawl(sources)
        before = room.rows
        DAMAGES[damage](journal(room))
        told = room.crawl(sources)
    assert room.rows == before and len(before) == 5 and set(site.delivered.values()) == {1}
    assert "Traceback" not in told and "the journal was made again: 5 recordings" in told
    assert damage in ("gone", "empty") or (room.folder / "downloads" / "journal.damaged-1").exists()


def test_a_journal_that_may_not_be_written_is_told(room):
    """Here no room is left for it; one sentence, not an error for each recording."""
    paths = [f"/{n}.mp3?{'x' * 3000}" for n in range(5)]
    with serving(Raw({path: answer(sound(path, 5_000)) for path in paths})) as raw:
        limit = "import sqlite3; real = sqlite3.connect\ndef small(*words, **more):\n    made = real(*words, **more)\n"
        limit += "    made.execute('PRAGMA max_page_count = 22'); return made\nsqlite3.connect = small"
        told = room.crawl([{"http": [raw.url + path for path in paths]}], 1, prelude=limit, retries=0)
    assert "cannot be used (database or disk is full)" in told and "Traceback" not in told


def test_the_journal_of_an_older_crawl(room):
    """Only the manifest is there to tell what the files are."""
    site = Site({f"{n}.mp3": sound(str(n), 9_000) for n in range(4)})
    with serve(site):
        site.pages["/feed"] = ("text/xml", rss(site.url, [episode(n) for n in range(3)]))
        sources = [{"feed": site.url + "/feed"}, {"http": [f"{site.url}/f/3.mp3"]}]
        room.crawl(sources)
        journal(room).unlink()
        (room.folder / "out" / "journal.jsonl").unlink()
        (room.folder / "downloads" / "c0123456789ab.mp3").write_bytes(b"not what its name says")
        room.crawl(sources)
    assert set(site.delivered.values()) == {1} and len(room.rows) == 4


def test_verify(room):
    site = Site({f"{n}.mp3": sound(str(n), 9_000) for n in range(3)})
    with serve(site):
        site.pages["/feed"] = ("text/xml", rss(site.url, [episode(n) for n in range(3)]))
        source = [{"feed": site.url + "/feed"}]
        room.crawl(source)
        assert "3 recordings, each as it was fetched" in room.crawl([], flags=("--verify",))
        zeroed, gone, _ = (room.file(row) for row in room.rows)
        zeroed.write_bytes(bytes(9_000))
        gone.unlink()
        assert "2 of 3 recordings are damaged or gone" in room.crawl([], 1, flags=("--verify",))
        room.crawl(source)
        assert "3 recordings, each as it was fetched" in room.crawl([], flags=("--verify",))
    assert len(room.rows) == 3 and sorted(site.delivered.values()) == [1, 2, 2]


def test_a_dry_run_lists_and_brings_in_nothing(room):
    with serving(Raw({})) as raw:
        sizes = {0: 3_000_000, 1: 1_500_000, 2: 700_000}
        files = {f"/f/{n}.mp3": answer(sound(str(n), size)) for n, size in sizes.items()}
        body = rss(raw.url, [episode(n) for n in range(3)]).replace(b'length="1"', b'length="2500000"', 1)
        raw.answers = files | {"/feed": answer(body, 'ETag: "a"', kind="text/xml")}
        raw.answers["/page"] = answer(b'<!doctype html><audio src="/f/0.mp3"></audio>', kind="text/html")
        sources = [{"feed": raw.url + "/feed"}, {"http": f"{raw.url}/gone.mp3"}]
        told = room.crawl(sources, flags=("--dry-run",))
        lines = room.printed.splitlines()
        assert [line.split("\t")[0].strip() for line in sorted(lines[:3])] == ["0.7 MB", "1.5 MB", "2.5 MB"]
        assert lines[-1] == "4 recordings would come, 4.7 MB, 1 of unknown size" and "3 planned" in told
        assert not (room.folder / "out").exists() and not list((room.folder / "downloads").glob("c*"))
        room.crawl(sources)
        assert len(room.rows) == 3
        room.crawl([{"links": raw.url + "/page"}], flags=("--dry-run",), downloads="other")
        assert "3.0 MB\tlinks" in room.printed and "1 recordings would come, 3.0 MB" in room.printed
        room.crawl(sources, flags=("--dry-run",))
        assert "1 recordings would come" in room.printed


def test_the_summary(room):
    with serving(Raw({"/a.mp3": answer(sound("a", 2_000_000)), "/b.mp3": answer(b"{}")})) as raw:
        addresses = [f"{raw.url}/{name}.mp3" for name in "abcd"]
        told = room.crawl([{"http": addresses}])
    assert "1 new, 0 known, 3 failed, 0 duplicate; 2.0 MB came in " in told
    assert "failed: 2 http_404, 1 not_a_recording" in told


def test_orphans_are_removed(tmp_path):
    store = Store(tmp_path / "downloads")
    kept, old, unknown = store.parts.of("kept"), store.parts.of("old"), store.parts.folder / "0123.m4a.part-Frag7"
    for path in (kept, old, unknown):
        path.write_bytes(b"half")
    store.parts.begin("kept", None, 9)
    store.parts.begin("old", None, 9)
    past = time.time() - FORGOTTEN_SECONDS - 60
    os.utime(old, (past, past))
    Store(tmp_path / "downloads")
    assert list(store.parts.folder.iterdir()) == [kept]


def test_twins_that_complete_at_once_leave_one_file(tmp_path):
    """Eight addresses, the same bytes, two suffixes, all complete at the same moment; many times."""
    store = Store(tmp_path / "downloads")
    for turn in range(20):
        items = [item(f"{turn}-{n}") for n in range(8)]
        for one in items:
            store.parts.of(one.key).write_bytes(f"bytes {turn}".encode())
        start, results = threading.Barrier(8), []

        def complete(n: int, items=items, start=start, results=results) -> None:
            start.wait()
            results.append(store.complete(items[n], store.parts.of(items[n].key), (".mp3", ".ogg")[n % 2])[1])

        threads = [threading.Thread(target=complete, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == [False] * 7 + [True]
    assert len(list((tmp_path / "downloads").glob("c*"))) == 20 and not list(store.parts.folder.iterdir())


def test_lists_in_utf_16(room):
    with serving(Raw({f"/{n}.mp3": answer(sound(str(n), 5_000)) for n in range(2)})) as raw:
        for encoding in ("utf-16-le", "utf-16-be"):
            text = "\ufeff" + "".join(f"{raw.url}/{n}.mp3\r\n" for n in range(2))
            (room.folder / "list.txt").write_bytes(text.encode(encoding))
            room.crawl([{"http": str(room.folder / "list.txt")}])
            assert len(room.rows) == 2 and room.rejects == []
