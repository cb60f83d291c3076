"""The gate: what the browser and yt-dlp may not reach, though a page tells them to."""

import shutil
import socket
import subprocess
from urllib.parse import urlsplit

import pytest
from conftest import ROOT, python
from raw import Raw, answer, serving
from servers import Site, serve, sound

from crawl import gate
from crawl.settings import Crawl

# A crawl for which 127.0.0.1 is the public internet and every other address is what it is.
OUTSIDE = """
import sys
from crawl import safety
real = safety.is_public
safety.is_public = lambda address: address == "127.0.0.1" or real(address)
from crawl.__main__ import main
sys.argv[0] = "crawl"
main()
"""
PAGE = """<!doctype html><title>Show</title><iframe src="{inside}/frame"></iframe><img src="{inside}/image">
<script>fetch("{inside}/script").catch(() => 0); location.hash = "#1";
setTimeout(() => document.body.insertAdjacentHTML("beforeend",
  '<p class=e><a href="/f/0.mp3">0</a><p class=e><a href="{inside}/f/0.mp3">1</a>'), 500)</script>"""
AUDIO = '<!doctype html><title>Show</title><audio src="/f/0.mp3"></audio><audio src="{inside}/f/0.mp3"></audio>'


def ask(door: gate.Gate, head: str) -> bytes:
    """What the gate answers to a request, as far as its end or the first 64 KiB."""
    with socket.create_connection(door.server_address, 5) as inside:
        inside.sendall(head.encode() + b"\r\n\r\n")
        return inside.recv(65536)


def test_the_gate_refuses():
    with gate.opened(Crawl()) as door:
        for head in (
            "CONNECT 127.0.0.1:22 HTTP/1.1",
            "CONNECT [::1]:22 HTTP/1.1",
            "GET http://169.254.169.254/latest HTTP/1.1",
            "GET http://localhost/ HTTP/1.1\r\nHost: h.example",
            "GET file:///etc/passwd HTTP/1.1",
            "GET /etc/passwd HTTP/1.1",
        ):
            assert ask(door, head).startswith(b"HTTP/1.1 403 Forbidden"), head
        assert len(door.refused) == 6
        assert ask(door, "nonsense") == b""


def test_the_gate_lets_through():
    site = Site({"a.mp3": sound("a", 500)})
    with serve(site), gate.opened(Crawl(allow_private_hosts=True)) as door:
        host = urlsplit(site.url).netloc
        assert site.files["a.mp3"] in _all(door, f"GET {site.url}/f/a.mp3 HTTP/1.1\r\nHost: {host}")
        tunnel = f"CONNECT {host} HTTP/1.1"
        assert ask(door, tunnel).startswith(b"HTTP/1.1 200")
        assert ask(door, "CONNECT 127.0.0.1:9 HTTP/1.1").startswith(b"HTTP/1.1 502")


def test_one_request_one_decision():
    """The second request of a connection goes nowhere: not to its own host, and not to that of the first."""
    first, second = Raw({"/a": answer(b"one")}), Raw({"/b": answer(b"two")})
    with serving(first), serving(second, "127.0.0.2"), gate.opened(Crawl(allow_private_hosts=True)) as door:
        told = _all(
            door,
            f"POST {first.url}/a HTTP/1.1\r\nHost: x\r\nCookie: first=1\r\nContent-Length: 4\r\n\r\nbody"
            f"GET {second.url}/b HTTP/1.1\r\nHost: y\r\nCookie: second=2\r\n\r\n"
            f"GET /b HTTP/1.1\r\nHost: {second.url[7:]}",
        )
    assert told.endswith(b"one") and b"connection: close" in told.lower()
    assert [seen.path for seen in first.log] == ["/a"] and second.log == []
    assert first.log[0].headers["host"] == urlsplit(first.url).netloc  # as the address says, not as the page does
    assert "second" not in first.log[0].headers["cookie"]


def test_a_body_without_a_length_is_not_passed():
    raw = Raw({"/a": answer(b"one")})
    with serving(raw), gate.opened(Crawl(allow_private_hosts=True)) as door:
        for more in ("Transfer-Encoding: chunked", "Content-Length: 3\r\nContent-Length: 5", "Content-Length: -1"):
            assert ask(door, f"POST {raw.url}/a HTTP/1.1\r\n{more}").startswith(b"HTTP/1.1 411")
    assert raw.log == []


def test_interim_answers_pass():
    raw = Raw({"/a": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3 + answer(b"one")})
    with serving(raw), gate.opened(Crawl(allow_private_hosts=True)) as door:
        told = _all(door, f"GET {raw.url}/a HTTP/1.1")
    assert told.count(b"103 Early Hints") == 3 and told.count(b"200 OK") == 1 and told.endswith(b"one")


@pytest.mark.parametrize("kind", ["listing", "links"])
def test_a_page_cannot_reach_inside(room, kind):
    """A real browser, or yt-dlp, on a page that refers to a host inside: nothing arrives there."""
    if kind == "listing" and not shutil.which("chromedriver"):
        pytest.skip("needs chromium and chromium-driver")
    site, inside = Site({"0.mp3": sound("0", 5_000)}), Site({"0.mp3": sound("inside", 5_000)})
    with serve(site), serve(inside, "127.0.0.2"):
        site.pages["/"] = ("text/html", (PAGE if kind == "listing" else AUDIO).format(inside=inside.url).encode())
        flags = ["--listing", site.url + "/", "--item", ".e"] if kind == "listing" else ["--links", site.url + "/"]
        places = ["--downloads", room.folder / "downloads", "--out", room.folder / "out"]
        done = subprocess.run(
            [python(), "-c", OUTSIDE, *flags, *places], cwd=ROOT, capture_output=True, text=True, timeout=100
        )
        assert done.returncode == 0, done.stderr
        assert [row["url"] for row in room.rows] == [f"{site.url}/f/0.mp3"]
        assert [(row["url"], row["reason"]) for row in room.rejects] == [(f"{inside.url}/f/0.mp3", "private_address")]
    assert inside.log == []


def _all(door: gate.Gate, head: str) -> bytes:
    with socket.create_connection(door.server_address, 5) as inside:
        inside.sendall(head.encode() + b"\r\n\r\n")
        return b"".join(iter(lambda: inside.recv(65536), b""))
