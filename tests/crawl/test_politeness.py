"""Manners towards a host, for all kinds of sources: a log of times is the proof. `pytest -s` prints it."""

import contextlib
import shutil

from conftest import Room
from raw import Raw, answer, serving
from servers import sound
from test_feed import episode, rss

SLOW = 0.8  # seconds between two requests that robots.txt asks for
BUSY = 2  # seconds of silence that a Retry-After asks for
WITHIN = 0.25  # seconds that a request may take from our leave to the server


def html(body: str) -> bytes:
    return answer(("<!doctype html><title>Show</title>" + body).encode(), kind="text/html")


def answers(raw: Raw) -> dict:
    items = "".join(f'<li class=e><a href="/f/{n}.mp3">{n}</a></li>' for n in range(3))
    sounds = "".join(f'<audio src="/f/{n}.mp3"></audio>' for n in range(3))
    return {
        "/robots.txt": answer(f"User-agent: *\nCrawl-delay: {SLOW}\n".encode(), kind="text/plain"),
        "/feed": answer(rss(raw.url, [episode(n) for n in range(3)]), kind="text/xml"),
        "/list": html(items),
        "/page": html(sounds),
        "/f/0.mp3": [answer(b"", f"Retry-After: {BUSY}", status="429 Slowly"), answer(sound("0", 5000))],
        **{f"/f/{n}.mp3": answer(sound(str(n), 5000)) for n in (1, 2)},
    }


def test_crawl_delay_and_retry_after(tmp_path):
    """Four crawls side by side, one of each kind, each with a host of its own."""
    kinds = ["http", "feed", "links", *(["listing"] if shutil.which("chromedriver") else [])]
    with contextlib.ExitStack() as stack:
        crawls = {}
        for n, kind in enumerate(kinds, 1):
            raw = stack.enter_context(serving(Raw({}), f"127.0.0.{n}"))
            raw.answers = answers(raw)
            (room := Room(tmp_path / kind)).folder.mkdir()
            crawls[kind] = raw, room, room.start([source(kind, raw)], timeout_seconds=10, parallel=4, per_host=4)
        for _, room, started in crawls.values():
            _, told = started.communicate(timeout=100)
            assert started.returncode == 0 and len(room.rows) == 3, told
    for kind, (raw, _, _) in crawls.items():
        seen = [one for one in raw.log if one.path != "/favicon.ico"]  # which a browser asks for by itself
        times = [one.time - seen[0].time for one in seen]
        print(f"\n{kind}: " + ", ".join(f"{time:.2f} {one.path}" for time, one in zip(times, seen, strict=True)))
        assert seen[0].path == "/robots.txt"
        assert all(later - first >= SLOW - WITHIN for first, later in zip(times, times[1:], strict=False)), kind
        first, second = [one.time for one in seen if one.path == "/f/0.mp3"][-2:]
        assert second - first >= BUSY - WITHIN
        assert not [one for one in seen if first + 0.01 < one.time < first + BUSY - WITHIN], kind


def source(kind: str, raw: Raw) -> dict:
    return {
        "http": {"http": [f"{raw.url}/f/{n}.mp3" for n in range(3)]},
        "feed": {"feed": raw.url + "/feed"},
        "links": {"links": raw.url + "/page"},
        "listing": {"listing": {"url": raw.url + "/list", "item": ".e"}},
    }[kind]


def test_the_delay_of_the_settings(room):
    with serving(Raw({f"/{n}.mp3": answer(sound(str(n), 5000)) for n in range(4)})) as raw:
        room.crawl([{"http": [f"{raw.url}/{n}.mp3" for n in range(4)]}], delay_seconds=0.6, parallel=4, per_host=4)
        times = [seen.time for seen in raw.log]
    assert all(later - first >= 0.55 for first, later in zip(times, times[1:], strict=False))
