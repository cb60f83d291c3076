"""What hostile sources try, and what comes of it. `pytest -s` prints the table that docs/crawl.md shows."""

import re
from xml.sax.saxutils import escape

import pytest
from servers import Site, serve, sound
from test_feed import episode, rss

from crawl import safety
from crawl.settings import Crawl
from crawl.web import Web
from pipeline.errors import Reject

ADDRESSES = {
    "http://127.0.0.1/a.mp3": "private_address",
    "http://127.1/a.mp3": "private_address",
    "http://2130706433/a.mp3": "private_address",
    "http://0x7f.0.0.1/a.mp3": "private_address",
    "http://0.0.0.0/a.mp3": "private_address",
    "http://localhost/a.mp3": "private_address",
    "http://10.0.0.1/a.mp3": "private_address",
    "http://169.254.169.254/latest/meta-data": "private_address",
    "http://[::1]/a.mp3": "private_address",
    "http://[::ffff:127.0.0.1]/a.mp3": "private_address",
    "http://[64:ff9b::7f00:1]/a.mp3": "private_address",
    "http://[2002:7f00:1::]/a.mp3": "private_address",
    "http://[fe80::1]/a.mp3": "private_address",
    "http://[fec0::1]/a.mp3": "private_address",
    "http://[::127.0.0.1]/a.mp3": "private_address",
    "http://[64:ff9b:1::7f00:1]/a.mp3": "private_address",
    "http://[2001:470:1:2::5efe:7f00:1]/a.mp3": "private_address",
    "http://[2001:470:1:2:200:5efe:10.0.0.1]/a.mp3": "private_address",
    "http://me:secret@h.example/a.mp3": "bad_url",
    "http://h.example\\@127.0.0.1/a.mp3": "bad_url",
    "http://h.example/a\r\nX-Injected: 1": "bad_url",
    "http://h.example:99999/a.mp3": "bad_url",
    "http://h.example/" + "a" * 5000: "bad_url",
    "http:///a.mp3": "bad_url",
    "http://[::1": "bad_url",
    "http://[x]/a.mp3": "bad_url",
    "http://exa mple/a.mp3": "bad_url",
    "file:///etc/passwd": "bad_url",
    "ftp://h.example/a.mp3": "bad_url",
    "javascript:alert(1)": "bad_url",
    "data:audio/mpeg;base64,SUQz": "bad_url",
    "--exec=id": "bad_url",
    "/etc/passwd": "bad_url",
}
REDIRECTS = {
    "/to-file": ("file:///etc/passwd", "bad_url"),
    "/to-ftp": ("ftp://h.example/x", "bad_url"),
    "/to-script": ("javascript:alert(1)", "bad_url"),
    "/to-secret": ("http://me:secret@127.0.0.1/x", "bad_url"),
    "/loop": ("/loop", "redirects"),
}
TITLES = [
    "../../../../etc/cron.d/evil",
    "/etc/passwd",
    "a; rm -rf ~ $(id) `id` | sh",
    "--output=/etc/passwd",
    "line one\nERROR fake log line\r\x1b[31mred",
    "\u202egnp.exe\u2066 right to left",
    "CON",
    ".hidden",
    "",
    "x" * 3000,
    "nul\x00byte",
    "Morgenmagazin – Größe & Ähnliches 오늘의 라디오",
]


def test_addresses(room):
    """No connection leaves this machine: names are refused, or lead to an address that is."""
    room.crawl([{"http": list(ADDRESSES)}], status=1, allow_private_hosts=False, respect_robots=False)
    found = {row["url"]: row["reason"] for row in room.rejects}
    wanted = {safety.printable(safety.canonical(url), safety.MAX_URL): reason for url, reason in ADDRESSES.items()}
    assert found == wanted and room.rows == []
    _table("address", wanted)


def test_redirects(room):
    site = Site({"a.mp3": sound("a", 1000)})
    with serve(site):
        site.redirects = {path: target for path, (target, _) in REDIRECTS.items()}
        site.redirects |= {"/good": "/f/a.mp3"}
        site.types["page.mp3"] = "audio/mpeg"
        site.files |= {"page.mp3": b"\n<!DOCTYPE html><title>Please log in</title>", "empty.mp3": b""}
        site.files["big.mp3"] = sound("big", 300_000)
        site.pages["/html.mp3"] = ("text/html; charset=utf-8", b"<p>not found</p>")
        paths = {path: reason for path, (_, reason) in REDIRECTS.items()}
        paths |= {"/f/page.mp3": "html", "/html.mp3": "html", "/f/empty.mp3": "empty", "/f/big.mp3": "too_large"}
        room.crawl([{"http": [site.url + path for path in ["/good", *paths]]}], max_bytes=200_000, max_redirects=3)
    found = {row["url"].removeprefix(site.url): row["reason"] for row in room.rejects}
    assert found == paths and [row["url"] for row in room.rows] == [site.url + "/good"]
    assert not list((room.folder / "downloads" / "parts").iterdir())
    _table(
        "path", {f"{path} → {REDIRECTS[path][0]}" if path in REDIRECTS else path: why for path, why in paths.items()}
    )


def test_a_redirect_to_a_private_address_is_refused(monkeypatch):
    """The first hop is allowed by a resolver of ours that calls loopback public once; the second is checked anew."""
    site = Site({"a.mp3": sound("a", 1000)})
    with serve(site):
        port = int(site.url.rpartition(":")[2])
        site.redirects["/x"] = f"http://127.0.0.1:{port}/f/a.mp3"
        real = safety.is_public
        asked = []

        def first_only(address: str) -> bool:
            asked.append(address)
            return len(asked) == 1 or real(address)

        monkeypatch.setattr(safety, "is_public", first_only)
        web = Web(Crawl(delay_seconds=0))
        with pytest.raises(Reject) as refused, web.get(f"http://127.0.0.1:{port}/x"):
            pass
    assert refused.value.reason == "private_address" and len(site.log) == 1
    assert asked == ["127.0.0.1", "127.0.0.1"]


def test_titles(room):
    """A title becomes a line of text and part of a readable name; files are named by their content alone."""
    site = Site({f"{n}.mp3": sound(str(n), 3_000) for n in range(len(TITLES))})
    with serve(site):
        entries = [episode(n, title=escape(_xml(title))) for n, title in enumerate(TITLES)]
        entries[0]["guid"] = "../../" * 9 + "etc/passwd"
        site.pages["/feed"] = ("application/rss+xml", rss(site.url, entries))
        told = room.crawl([{"feed": f"{site.url}/feed"}])
        missing = f"{site.url}/f/%0aERROR%1b[31m.mp3"
        told += room.crawl([{"feed": f"{site.url}/feed"}, {"http": [missing]}])
    assert len(room.rows) == len(TITLES)
    for row in room.rows:
        assert re.fullmatch(r"downloads/c[0-9a-f]{12}\.mp3", row["path"])
        assert re.fullmatch(r"feed/\w[\w.-]*\.c[0-9a-f]{12}\.mp3", row["source"]) and len(row["source"]) < 100
        assert row["title"] == safety.printable(row["title"])
    there = sorted(path.relative_to(room.folder).as_posix() for path in room.folder.rglob("*") if path.is_file())
    assert all(
        re.fullmatch(r"settings\.json|out/\w+\.jsonl|downloads/(c\w+\.mp3|journal\.sqlite|\.lock)", p) for p in there
    )
    for line in told.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\d ", line) and "\x1b" not in line, line
    by_url = {row["url"].rpartition("/")[2]: row["source"] for row in room.rows}
    _table("title", {title[:60]: by_url[f"{n}.mp3"] for n, title in enumerate(TITLES)})


def test_public_and_private():
    assert all(map(safety.is_public, ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]))
    private = ["192.168.1.1", "172.16.0.1", "100.64.0.1", "224.0.0.1", "255.255.255.255", "fc00::1", "ff02::1", "::"]
    private += ["fec0::1", "64:ff9b:1::1.1.1.1", "64:ff9b::10.0.0.1", "::127.0.0.1", "::1.1.1.1", "::ffff:0:127.0.0.1"]
    private += ["2620:0:2d0:200:0:5efe:192.168.0.1", "2620:0:2d0:200:200:5efe:10.0.0.1", "2002:a00:1::", "100::1"]
    private += ["192.88.99.1", "3fff::1", "2001:db8::1", "5f00::1", "fe80::1%eth0", "2001:0:a00:1::"]
    assert [one for one in private if safety.is_public(one)] == []
    assert all(
        map(safety.is_public, ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::", "2a00:1450::5efe:808:808"])
    )


def test_canonical_addresses():
    same = ["HTTP://H.Example:80/a b.mp3#part", "http://h.example/a%20b.mp3"]
    assert len({safety.canonical(url) for url in same}) == 1
    assert safety.canonical("https://ドメイン.example/오늘?q=é") == (
        "https://xn--eckwd4c7c.example/%EC%98%A4%EB%8A%98?q=%C3%A9"
    )


def _xml(title: str) -> str:
    """XML cannot carry most control characters at all."""
    return re.sub(r"[\x00-\x08\x0b-\x1f]", "", title)


def _table(head: str, rows: dict[str, str]) -> None:
    print(f"\n| {head} | what came of it |\n|---|---|")
    for tried, outcome in rows.items():
        print(f"| `{ascii(tried[:70])[1:-1]}` | {outcome} |")
