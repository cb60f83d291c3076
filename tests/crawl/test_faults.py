"""The network at its worst: every fault in turn, and two hundred files with kill -9 in between."""

import hashlib
import sqlite3
import time

from servers import Site, serve, sound

FAULTS = ["429", "503", "cut", "stall", "wrong length", "no range"]


def test_each_fault_alone(room):
    files = {f"{fault.replace(' ', '_')}.mp3": sound(fault, 100_000) for fault in FAULTS}
    site = Site(files, {name: [fault] for name, fault in zip(files, FAULTS, strict=True)})
    with serve(site):
        room.crawl([{"http": [f"{site.url}/f/{name}" for name in files]}])
    assert {row["sha256"] for row in room.rows} == {hashlib.sha256(body).hexdigest() for body in files.values()}
    assert room.rejects == []
    # The rest of a cut body was asked for, not the whole again.
    assert [asked.status for asked in site.requests("/f/cut.mp3")] == [200, 206]
    assert site.sent["cut.mp3"] == 100_000
    first, second = (asked.time for asked in site.requests("/f/429.mp3"))
    assert second - first >= 1.0  # Retry-After


def test_a_file_that_changed_is_begun_again(room):
    site = Site({"a.mp3": sound("old", 200_000)}, {"a.mp3": ["cut"] * 9})
    with serve(site):
        source = [{"http": [f"{site.url}/f/a.mp3"]}]
        room.crawl(source, status=1, retries=0)
        assert room.rejects[0]["reason"] in ("incomplete", "connection")
        site.files["a.mp3"], site.faults = sound("new", 150_000), {}
        room.crawl(source)
    assert room.file(room.rows[0]).read_bytes() == site.files["a.mp3"]


def test_without_a_validator_nothing_is_pieced_together(room):
    site = Site({"a.mp3": sound("a", 100_000)}, {"a.mp3": ["cut"]})
    site.etag = False
    with serve(site):
        room.crawl([{"http": [f"{site.url}/f/a.mp3"]}])
    assert [asked.range for asked in site.requests("/f/a.mp3")] == [None, None]
    assert room.file(room.rows[0]).read_bytes() == site.files["a.mp3"]


def test_some_fail_and_the_rest_is_there(room):
    site = Site({"good.mp3": sound("good", 5_000), "bad.mp3": b"x"}, {"bad.mp3": ["503"] * 9})
    with serve(site):
        addresses = [f"{site.url}/f/{name}" for name in ("good.mp3", "bad.mp3", "missing.mp3")]
        told = room.crawl([{"http": addresses}], retries=1)
    assert [row["url"] for row in room.rows] == addresses[:1]
    assert {(row["url"], row["reason"]) for row in room.rejects} == {
        (addresses[1], "http_503"),
        (addresses[2], "http_404"),
    }
    assert "1 new, 0 known, 2 failed" in told


def test_limits_per_host(room):
    site = Site({f"{n}.mp3": sound(str(n), 60_000) for n in range(12)})
    site.block_seconds = 0.02
    with serve(site):
        room.crawl([{"http": [f"{site.url}/f/{name}" for name in site.files]}], per_host=3, parallel=8)
    assert len(room.rows) == 12
    assert site.most_open == 3


def test_two_hundred_files_a_fifth_of_them_faulty_and_kill_twice(room, capsys):
    """All there, each fetched whole exactly once, hashes right; a second run downloads nothing."""
    files = {f"{n:03}.mp3": sound(str(n), 40_000 + 997 * n) for n in range(200)}
    faults = {f"{n:03}.mp3": [FAULTS[n // 5 % len(FAULTS)]] for n in range(0, 200, 5)}
    site = Site(files, {name: list(told) for name, told in faults.items()})
    site.block_seconds = 0.01
    settings = {"timeout_seconds": 1, "parallel": 8, "per_host": 8, "respect_robots": False}
    (room.folder / "list.txt").write_text("\r\n".join(f"{{url}}/f/{name}" for name in files))
    kills, marks = 0, []
    with serve(site):
        listed = room.folder / "list.txt"
        listed.write_text(listed.read_text().replace("{url}", site.url))
        sources = [{"http": str(listed)}]
        for share in (60, 130):
            started = room.start(sources, **settings)
            while _stored(room) < share:
                assert started.poll() is None
                time.sleep(0.01)
            started.kill()
            started.wait()
            kills += 1
            marks.append((len(site.log), _keys(room)))
        room.crawl(sources, **settings)
        asked = len(site.log)
        told = room.crawl(sources, **settings)
    rows = room.rows
    hashes = {hashlib.sha256(body).hexdigest() for body in files.values()}
    assert {row["sha256"] for row in rows} == hashes and room.rejects == []
    assert all(hashlib.sha256(room.file(row).read_bytes()).hexdigest() == row["sha256"] for row in rows)
    for at, done in marks:  # what was stored before a kill was never asked for again
        assert not done & {site.url + later.path for later in site.log[at:]}
    assert asked == len(site.log) and "0 new, 200 known" in told
    assert not list((room.folder / "downloads" / "parts").iterdir())
    whole, total = sum(site.delivered.values()), sum(map(len, files.values()))
    print(
        f"\n200 files, {len(faults)} faulty, {kills} kills: {len(rows)} stored, {asked} requests, "
        f"{whole} whole deliveries (most of one file: {max(site.delivered.values())}), "
        f"{sum(site.sent.values()) / total:.3f} of the bytes sent"
    )
    # What had just come whole when the process was killed, and was not stored yet, comes once more: one per download.
    twice = [name for name, times in site.delivered.items() if times > 1]
    assert max(site.delivered.values()) <= 2 and len(twice) <= kills * settings["parallel"]


def _stored(room) -> int:
    return len(list((room.folder / "downloads").glob("c*.mp3")))


def _keys(room) -> set[str]:
    with sqlite3.connect(room.folder / "downloads" / "journal.sqlite") as journal:
        return {key for (key,) in journal.execute("SELECT key FROM known")}
