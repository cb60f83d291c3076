"""Listings filled by scripts, over several pages, in a real headless Chromium."""

import contextlib
import shutil
import time
from pathlib import Path

import pytest
from servers import Site, serve, sound

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")), reason="needs chromium and chromium-driver"
)

# Items come one by one, late; "next" fetches the next page by script, and is gone on the last.
SCRIPTED = """<!doctype html><title>Show</title><ul id=list></ul><button class=next>older</button><script>
let page = 1; const PAGES = 3, list = document.getElementById("list"), next = document.querySelector(".next");
const fill = () => { list.innerHTML = ""; for (let n = 0; n < 4; n++) setTimeout(() => {
  const number = (page - 1) * 4 + n;
  const html = `<li class=episode><h3> Show\\n ${number} </h3><a href="/f/${number}.mp3">get</a>`;
  list.insertAdjacentHTML("beforeend", html);
  if (n == 3 && page == PAGES) next.remove(); }, 150 + 100 * n); };
next.onclick = () => { page++; fill(); }; fill();
</script>"""
NUMBERED = """<!doctype html><div id=here></div><a class=next href="/pages/{next}" {gone}>next</a><script>
setTimeout(() => {{ here.innerHTML = '<audio class=e src="/f/{n}.mp3" controls></audio>' }}, 200)</script>"""
LISTING = {"item": ".episode", "link": "a", "title": "h3", "next": "button.next"}


def test_pages_filled_by_script_until_no_next(room):
    site = Site({f"{n}.mp3": sound(str(n), 5_000) for n in range(12)})
    with serve(site):
        site.pages["/"] = ("text/html", SCRIPTED.encode())
        source = [{"listing": {"url": site.url + "/", **LISTING}}]
        room.crawl(source, timeout_seconds=15)
        assert {row["url"] for row in room.rows} == {f"{site.url}/f/{n}.mp3" for n in range(12)}
        assert {row["title"] for row in room.rows} == {f"Show {n}" for n in range(12)}
        assert {row["page"] for row in room.rows} == {site.url + "/"} and room.rejects == []
        assert "0 new, 12 known" in room.crawl(source, timeout_seconds=15)
    assert set(site.delivered.values()) == {1}


@pytest.mark.parametrize(("pages", "wanted"), [("2-3", {2, 3}), (2, {1, 2}), ("all", {1, 2, 3, 4})])
def test_page_ranges_over_links(room, pages, wanted):
    site = Site({f"{n}.mp3": sound(str(n), 5_000) for n in range(1, 5)})
    with serve(site):
        for n in range(1, 5):
            page = NUMBERED.format(n=n, next=n + 1, gone="hidden" if n == 4 else "")
            site.pages[f"/pages/{n}"] = ("text/html", page.encode())
        source = {"url": f"{site.url}/pages/1", "item": ".e", "next": "a.next", "pages": pages}
        room.crawl([{"listing": source}], timeout_seconds=15)
        assert {row["url"] for row in room.rows} == {f"{site.url}/f/{n}.mp3" for n in wanted}


def test_pages_counted_in_the_address(room):
    site = Site({f"{n}.mp3": sound(str(n), 5_000) for n in range(1, 5)})
    with serve(site):
        for n in range(1, 5):
            site.pages[f"/pages/{n}"] = ("text/html", NUMBERED.format(n=n, next=0, gone="").encode())
        room.crawl(
            [{"listing": {"url": f"{site.url}/pages/{{page}}", "item": ".e", "pages": "2-3"}}], timeout_seconds=15
        )
        assert {row["url"] for row in room.rows} == {f"{site.url}/f/{n}.mp3" for n in (2, 3)}


def test_robots_txt_is_respected(room):
    site = Site({"1.mp3": sound("1", 5_000), "2.mp3": sound("2", 5_000)})
    with serve(site):
        site.pages["/robots.txt"] = ("text/plain", b"User-agent: *\nDisallow: /f/*2.mp3$\nDisallow: /list\n")
        site.pages["/list"] = ("text/html", SCRIPTED.encode())
        addresses = [f"{site.url}/f/{n}.mp3" for n in (1, 2)]
        source = [{"listing": {"url": f"{site.url}/list", **LISTING}}, {"http": addresses}]
        room.crawl(source)
        assert [row["url"] for row in room.rows] == addresses[:1]
        assert {(row["url"], row["reason"]) for row in room.rejects} == {
            (f"{site.url}/list", "robots"),
            (addresses[1], "robots"),
        }
        room.crawl(source[1:], respect_robots=False)
        assert len(room.rows) == 2


def test_a_killed_crawl_leaves_no_browser(room):
    site = Site({})
    with serve(site):
        site.pages["/"] = ("text/html", b"<!doctype html><p>nothing here")
        started = room.start([{"listing": {"url": site.url + "/", "item": "li"}}], timeout_seconds=30)
        while not site.requests("/"):
            assert started.poll() is None
            time.sleep(0.1)
        assert _browsers(room)
        started.kill()
        started.wait()
        end = time.monotonic() + 10
        while _browsers(room) and time.monotonic() < end:
            time.sleep(0.1)
    assert _browsers(room) == []


def _browsers(room) -> list[str]:
    """The processes that have this room's browser profile among their arguments."""
    profile = str(room.folder / "downloads" / "browser").encode()
    there = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            there += [place.parent.name] if profile in place.read_bytes() else []
    return there


def test_mistakes_are_told(room):
    site = Site({})
    with serve(site):
        site.pages["/"] = ("text/html", b"<!doctype html><p>nothing here")
        told = room.crawl([{"listing": {"url": site.url + "/", "item": "li["}}], status=1, timeout_seconds=15)
        assert "listing.item: 'li[' is not a CSS selector" in told
        room.crawl([{"listing": {"url": site.url + "/", "item": "li"}}], status=1)
        assert room.rejects[0]["reason"] == "no_items"
