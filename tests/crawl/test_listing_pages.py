"""Listings as they are: that lead in circles, hang, open windows, hide their lists, or show them as one scrolls."""

import shutil

import pytest
from conftest import HEAVY
from raw import Raw, answer, serving
from servers import sound

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")), reason="needs chromium and chromium-driver"
)


def site(pages: dict[str, str], count: int) -> Raw:
    """Pages of HTML, and recordings /0.mp3 and so on."""
    answers = {
        path: answer(("<!doctype html>" + body).encode(), kind="text/html; charset=utf-8")
        for path, body in pages.items()
    }
    return Raw(answers | {f"/{n}.mp3": answer(sound(str(n), 5_000)) for n in range(count)})


def items(*numbers: int) -> str:
    return "".join(f'<li class=e><a href="/{n}.mp3">{n}</a></li>' for n in numbers)


def crawl(
    room, raw: Raw, path: str = "/", status: int = 0, cookies: str | None = None, seconds: int = 4, **given
) -> str:
    source = {"listing": {"url": raw.url + path, "item": ".e", **given}}
    limits = {"timeout_seconds": seconds, "respect_robots": False} | ({"cookies": cookies} if cookies else {})
    return room.crawl([source], status, **limits)


def got(room) -> list[int]:
    return sorted(int(row["url"].rpartition("/")[2].removesuffix(".mp3")) for row in room.rows)


def test_pages_that_lead_in_a_circle(room):
    pages = {
        f"/{name}": items(n) + f'<a class=next href="/{other}">next</a>'
        for name, other, n in (("a", "b", 1), ("b", "a", 2))
    }
    with serving(site(pages, 3)) as raw:
        crawl(room, raw, "/a", next=".next")
        assert got(room) == [1, 2] and len(raw.requests("/a")) <= 2


# A drawing with a link, a window that asks, a script that never ends, a page that never ends.
TROUBLE = {
    "svg, windows": items(0) + '<li class=e><svg><a href="/1.mp3"><text>1</text></a></svg></li>'
    "<script>alert('hello'); confirm('really'); onbeforeunload = e => { e.preventDefault(); return 'stay' }</script>"
    + items(2),
    "hang for ever": items(0, 1, 2) + "<script>setInterval(() => { while (true); }, 10)</script>",
    "hang at once": items(0, 1, 2) + "<script>while (true);</script>",
    "hang later": items(0, 1, 2) + "<script>setTimeout(() => { while (true); }, 300)</script>",
}


@pytest.mark.parametrize("trouble", TROUBLE if HEAVY else list(TROUBLE)[:2])
def test_what_is_visible_is_taken(room, trouble):
    with serving(site({"/": TROUBLE[trouble]}, 3)) as raw:
        crawl(room, raw)
    assert got(room) == [0, 1, 2]


def test_a_page_without_an_end(room):
    with serving(site({}, 3)) as raw:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html><ul>"
        raw.answers["/"] = raw.drip(head + items(0, 1, 2).encode(), b"<!-- more -->")
        crawl(room, raw)
    assert got(room) == [0, 1, 2]


def test_a_window_that_would_open_beside(room):
    pages = {
        "/": items(0) + '<a class=next target=_blank href="/b">next</a>',
        "/b": items(1) + "<button class=next onclick=\"window.open('/c')\">next</button>",
        "/c": items(2) + '<form target=_blank action="/d"><button class=next>next</button></form>',
        "/d": items(3),
    }
    with serving(site(pages, 4)) as raw:
        crawl(room, raw, next=".next")
    assert got(room) == [0, 1, 2, 3]


def test_all_links_of_an_item(room):
    body = """<li class=e><a href="/0.mp3">part 1</a> <a href="/1.mp3">part 2</a> <a href="/1.mp3">again</a></li>
    <li class=e><audio controls><source src="/2.mp3"><source src="/gone.ogg"></audio></li>
    <li class=e><div data-src="/3.mp3">play</div></li><li class=e><audio data-src="/4.mp3"></audio></li>"""
    with serving(site({"/": body}, 5)) as raw:
        crawl(room, raw, link="a[href], source, [data-src]")
        assert not raw.requests("/gone.ogg") and len(raw.requests("/2.mp3")) == 1  # not played by the browser
    assert got(room) == [0, 1, 2, 3, 4] and room.rejects == []


HIDDEN = """<div id=open></div><div id=closed></div><iframe src="/frame"></iframe><script>
const list = n => `<li class=e><a href="/${n}.mp3">${n}</a></li>`;
document.getElementById("open").attachShadow({mode: "open"}).innerHTML = list(0) + "<div id=in></div>";
document.getElementById("open").shadowRoot.getElementById("in").attachShadow({mode: "open"}).innerHTML = list(1);
document.getElementById("closed").attachShadow({mode: "closed"}).innerHTML = list(2);
</script>"""


def test_shadows_and_frames(room):
    with serving(site({}, 6)) as raw, serving(site({"/far": items(4)}, 6), "127.0.0.2") as far:
        frame = items(3) + f'<iframe src="{far.url}/far"></iframe>'
        raw.answers |= site({"/": HIDDEN, "/frame": frame}, 0).answers
        crawl(room, raw)
    assert got(room) == [0, 1, 2, 3, 4]


SCROLLED = """<ul id=list></ul><script>
let shown = 0;
const more = () => { for (let n = 0; n < 10 && shown < 40; n++, shown++)
  list.insertAdjacentHTML("beforeend", `<li class=e style="height: 300px"><a href="/${shown}.mp3">${shown}</a>`); };
const isLow = () => scrollY + innerHeight > document.body.scrollHeight - 50;
addEventListener("scroll", () => { if (isLow()) setTimeout(more, 200); });
more();</script>"""


def test_more_as_one_scrolls(room):
    with serving(site({"/": SCROLLED}, 40)) as raw:
        told = crawl(room, raw)
        assert got(room) == list(range(10)) and "set scroll: true" in told
        crawl(room, raw, scroll=True)
    assert got(room) == list(range(40))


def test_from_the_listing_over_the_page_to_the_sound(room):
    listing = "".join(f'<li class=e><a href="/show/{n}">Show {n}</a></li>' for n in range(3)) + items(3)
    pages = {f"/show/{n}": f'<h1>{n}</h1><audio src="/{n}.mp3"></audio>' for n in range(3)}
    with serving(site({"/": listing} | pages, 4)) as raw:
        crawl(room, raw, title="a", recording="audio")
        rows = {row["title"]: row for row in room.rows}
        assert rows["Show 1"]["url"] == raw.url + "/1.mp3" and rows["Show 1"]["page"] == raw.url + "/show/1"
        assert got(room) == [0, 1, 2, 3]
        asked = len(raw.log)
        told = crawl(room, raw, title="a", recording="audio")
        assert "0 new, 4 known" in told and got(room) == [0, 1, 2, 3] and room.rejects == []
        assert not [seen for seen in raw.log[asked:] if seen.path.startswith("/show/")]


def test_a_listing_behind_a_login(room):
    cookies = room.folder / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tlogin\ts3cret\n")
    with serving(site({}, 1)) as raw:
        inside, outside = (
            answer(("<!doctype html>" + body).encode(), kind="text/html") for body in (items(0), "log in")
        )
        file = raw.answers["/0.mp3"]

        def told(seen, send):
            right = "login=s3cret" in seen.headers.get("cookie", "")
            send(
                (file if right else answer(b"", status="403 No"))
                if seen.path == "/0.mp3"
                else inside
                if right
                else outside
            )

        raw.answers = {"/": told, "/0.mp3": told}
        crawl(room, raw, status=1, seconds=2)
        crawl(room, raw, cookies=str(cookies))
    assert got(room) == [0]


def test_a_host_that_asks_for_silence(room):
    """429 for the page, and a pause between two pages: both kept to."""
    busy = answer(b"", "Retry-After: 2", status="429 Slowly")
    pages = {"/": items(0) + '<a class=next href="/b">next</a>', "/b": items(1)}
    with serving(site(pages, 2)) as raw:
        raw.answers["/"] = [busy, raw.answers["/"]]
        source = {"listing": {"url": raw.url + "/", "item": ".e", "next": ".next"}}
        room.crawl([source], timeout_seconds=5, respect_robots=False, delay_seconds=1)
        first, second = (seen.time for seen in raw.requests("/")[:2])
        assert second - first >= 2
        assert raw.requests("/b")[0].time - second >= 0.9
    assert got(room) == [0, 1]
