"""Sources that want the crawl to hang: each ends, the others finish meanwhile, and a signal to end is obeyed."""

import contextlib
import re
import shutil
import signal
import time
from pathlib import Path

import pytest
from raw import Raw, answer, serving, unsized
from servers import sound

from crawl import captions, characters, confined, episodes, feed, feedtext, lists, robotstxt, safety, settings, sniff
from pipeline.errors import Reject

GOOD = sound("good", 50_000)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"
LONG = 400_000  # characters of a worst case: quadratic time would be hours, exponential for ever
LIMIT_SECONDS = 2.0


def hostile(raw: Raw) -> dict:
    """A path for each way of not coming to an end, or of being dear to read."""
    return {
        "/comments": answer(b"<!---->" * 500),
        "/head": raw.drip(b"HTTP/1.1 200 OK\r\nX: "),
        "/headers": raw.drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        "/body": raw.drip(OK + b"\r\n"),
        "/sized": raw.drip(OK + b"Content-Length: 1000000\r\n\r\n"),
        "/chunk-size": raw.drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        "/trailer": raw.drip(OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nID3\x04\r\n0\r\n", b"X: y\r\n"),
        "/interim": raw.drip(b"", b"HTTP/1.1 103 Hints\r\n\r\n"),
        "/status": raw.drip(b"HTTP/1.1 2"),
        "/silent": raw.drip(b"", b""),
    }


def served(raw: Raw) -> Raw:
    raw.answers = hostile(raw) | {f"/{n}.mp3": answer(GOOD + bytes([n])) for n in range(10)}
    return raw


def test_the_others_finish(room):
    with serving(served(Raw({}))) as raw:
        paths = [*hostile(raw), *(f"/{n}.mp3" for n in range(10))]
        begun = time.monotonic()
        limits = {"max_fetch_seconds": 4, "timeout_seconds": 1, "retries": 0, "per_host": 8, "parallel": 8}
        room.crawl([{"http": [raw.url + path for path in paths]}], respect_robots=False, **limits)
        seconds = time.monotonic() - begun
    assert len(room.rows) == 10 and len(room.rejects) == len(hostile(raw))
    reasons = {row["url"].removeprefix(raw.url): row["reason"] for row in room.rejects}
    assert reasons.pop("/comments") == "html" and reasons.pop("/silent") == "timeout"
    assert set(reasons.values()) <= {"timeout", "connection"} and seconds < 20, reasons


def test_a_host_that_drips_keeps_no_other_host_waiting(room):
    """Its downloads, robots.txt and all, take the places of its own host only."""
    bad = Raw({})
    bad.answers = {"/robots.txt": bad.drip(b"HTTP/1.1 200 OK\r\n\r\n")}
    good = Raw({f"/{n}.mp3": answer(GOOD + bytes([n])) for n in range(6)})
    with serving(bad), serving(good, "127.0.0.2"):
        addresses = [f"{bad.url}/{n}.mp3" for n in range(30)] + [f"{good.url}/{n}.mp3" for n in range(6)]
        started = room.start([{"http": addresses}], timeout_seconds=20, parallel=4, per_host=2)
        end = time.monotonic() + 15
        while len(list((room.folder / "downloads").glob("c*.mp3"))) < 6 and time.monotonic() < end:
            time.sleep(0.05)
        started.send_signal(signal.SIGTERM)
        assert started.wait(2) == 130
    assert len(list((room.folder / "downloads").glob("c*.mp3"))) == 6


@pytest.mark.parametrize("kind", ["http", "feed", "links", "listing"])
def test_a_signal_is_obeyed_within_two_seconds(room, kind):
    if kind == "listing" and not shutil.which("chromedriver"):
        pytest.skip("needs chromium and chromium-driver")
    with serving(served(Raw({}))) as raw:
        raw.answers["/robots.txt"] = answer(b"", kind="text/plain")
        raw.answers["/hang"] = answer(b"<!doctype html><p class=e>x<script>while (true);</script>", kind="text/html")
        paths = list(hostile(raw)) if kind == "http" else ["/hang" if kind == "listing" else "/body"]
        sources = [{kind: raw.url + "/body"}]
        if kind == "http":
            sources = [{"http": [raw.url + path for path in paths]}]
        if kind == "listing":
            sources = [{"listing": {"url": raw.url + "/hang", "item": ".e"}}]
        started = room.start(sources, timeout_seconds=60, parallel=16, per_host=16)
        end = time.monotonic() + 30
        while len([seen for seen in raw.log if seen.path in paths]) < len(paths) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        begun = time.monotonic()
        started.send_signal(signal.SIGTERM)
        assert started.wait(10) == 130
        assert time.monotonic() - begun < 2
        assert "ended; what is complete is kept" in started.stderr.read()
        end = time.monotonic() + 5
        while children(room) and time.monotonic() < end:
            time.sleep(0.05)
        assert children(room) == []


def children(room) -> list[str]:
    """Processes that name this room, or a part of the crawl, among their arguments: none outlives the crawl."""
    named = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = place.read_bytes()
            named += [line.decode("utf-8", "replace")] if str(room.folder).encode() in line else []
    return named


def test_ending_at_a_full_disk_waits_for_nobody(room):
    """One download meets the end of the disk, another drips: the crawl ends at once, in one sentence."""
    with serving(Raw({})) as raw:
        raw.answers = {"/drip": raw.drip(OK + b"\r\n"), "/a.mp3": answer(GOOD)}
        started = room.start(
            [{"http": [raw.url + "/drip", raw.url + "/a.mp3"]}],
            timeout_seconds=60,
            prelude="import errno, crawl.part, os; real = os.fsync\n"
            "def full(fd): raise OSError(errno.ENOSPC, 'No space left on device')\n"
            "os.fsync = full",
        )
        _, told = started.communicate(timeout=20)
    assert started.returncode == 1 and "No space left on device): make room" in told and "Traceback" not in told


def test_a_limit_of_the_file_system_is_told(room):
    with serving(Raw({"/big.mp3": answer(sound("big", 3_000_000)), "/a.mp3": answer(GOOD)})) as raw:
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))"
        started = room.start([{"http": [raw.url + "/big.mp3", raw.url + "/a.mp3"]}], prelude=limit)
        _, told = started.communicate(timeout=60)
    assert started.returncode == 0, told
    assert [row["reason"] for row in room.rejects] == ["too_large"] and "ulimit" in room.rejects[0]["message"]


def test_what_is_dear_to_read_ends():
    """A feed is read in a process that is ended when its time is up."""
    begun = time.monotonic()
    with pytest.raises(Reject) as refused:
        confined.answer("timeit", b"", 1.0, "-n", "1000", "-r", "1", "sum(range(10**7))")
    assert refused.value.reason == "unreadable" and time.monotonic() - begun < 5


WORST = {
    "sniff, comments": lambda: sniff_all(b"<!---->" * (LONG // 7)),
    "sniff, blanks": lambda: sniff_all(b" " * LONG),
    "captions, digits": lambda: captions._CUE.search("0" * LONG),
    "captions, colons": lambda: captions._CUE.search("0:00:00." * (LONG // 8)),
    "captions, lines": lambda: captions._CUE.search("\n" * LONG),
    "feed, references": lambda: characters.mended(b"&#1" * LONG),
    "feed, one reference": lambda: characters.mended(b"&#" + b"1" * LONG + b";"),
    "feed, many references": lambda: characters.mended(b"&#55357;" * (LONG // 8)),
    "feed, declaration": lambda: characters._DECLARATION.sub("", " " * LONG + "<?xml" + "x" * LONG),
    "opml, blanks": lambda: feedtext._XML_URL.findall('xmlUrl   ="' * (LONG // 11)),
    "opml, no end": lambda: feedtext._XML_URL.findall("xmlUrl" + " " * LONG),
    "feed, end": lambda: feed.CLOSED.search((b"} " * LONG)[-2000:]),
    "duration": lambda: episodes.seconds("1:" * LONG),
    "robots, stars": lambda: robotstxt.matches("/" + "*a" * 2000 + "b$", "/" + "a" * 4000),
    "robots, many rules": lambda: robotstxt.Rules("User-agent: *\n" + "Disallow: /*a*a*b\n" * 20_000).allows(
        "x", "/" + "a" * 4000
    ),
    "title": lambda: safety.label("." * LONG),
    "text": lambda: safety.printable("\u202e " * LONG),
    "list": lambda: lists.split_line("," * LONG),
    "list, comment": lambda: lists.split_line(" " * LONG),
    "pages": lambda: re.fullmatch(r"(\d+)-(\d+)", "1" * LONG),
    "language": lambda: settings.Captions(languages=["ko"]).wants("ko-" * LONG),
}


@pytest.mark.parametrize("name", WORST)
def test_every_pattern_is_linear(name):
    """What meets bytes from outside, fed its worst case."""
    begun = time.monotonic()
    WORST[name]()
    assert time.monotonic() - begun < LIMIT_SECONDS


def sniff_all(body: bytes) -> None:
    with pytest.raises(Reject):
        sniff.check(body)


def test_the_page_of_comments(room):
    """One body of 176 bytes stopped all downloads, and no signal ended the crawl."""
    with serving(Raw({"/x.mp3": unsized(b"<!---->" * 25), "/a.mp3": answer(GOOD)})) as raw:
        room.crawl([{"http": [raw.url + "/x.mp3", raw.url + "/a.mp3"]}])
    assert [row["reason"] for row in room.rejects] == ["html"] and len(room.rows) == 1
