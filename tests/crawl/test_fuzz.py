"""Whatever a server sends: heads, bodies and feeds out of hypothesis. Each ends soon, as bytes or as a reject of ours.

A few hundred cases by default; `CRAWL_HEAVY=1 python -m pytest tests/crawl/test_fuzz.py` takes 10,000.
"""

import contextlib
import json
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import pytest
from conftest import HEAVY, ROOT, python
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw import Raw, serving

from crawl import captions, document, fetch, gate, sniff
from crawl.characters import mended
from crawl.episodes import captions as transcripts
from crawl.episodes import choose, seconds, size
from crawl.feedtext import json_feed, resolved
from crawl.lists import split_line
from crawl.retry import retry_after
from crawl.robotstxt import Rules, matches
from crawl.safety import canonical, is_public, label, printable
from crawl.settings import Crawl
from crawl.store import Store
from crawl.web import Request, Web
from pipeline.errors import Reject

# Of the 10,000: 1,000 answers over a socket, 3,500 feeds through the parser, 5,500 bodies and texts by themselves.
ANSWERS, FEEDS, TEXTS = (1000, 3500, 5500) if HEAVY else (15, 60, 300)
LONGEST_SECONDS = 5.0


def cases(number: int):
    return settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck))


STATUS = st.sampled_from(
    [b"200", b"206", b"304", b"416", b"302", b"103", b"503", b"404", b"999", b"20", b"x", b"-1", b""]
)
NAMES = st.sampled_from(
    b"Content-Length Transfer-Encoding Content-Range ETag Last-Modified Date Location Retry-After Content-Type "
    b"Content-Encoding Connection Trailer X".split()
)
SAID = rb"""0|1|5|-1|99999999999999999999|chunked|gzip, chunked|bytes 0-4/5|bytes 3-4/5|bytes */5|bytes 5-3/1|gzip
deflate|"a"|W/"a"|Mon, 01 Jan 2024 00:00:00 GMT|/x|http://[|//|text/html|audio/mpeg; charset="|close|keep-alive"""
VALUES = st.one_of(
    st.sampled_from(SAID.replace(b"\n", b"|").split(b"|")),
    st.binary(max_size=30).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b"")),
    st.integers(0, 10**30).map(lambda value: str(value).encode()),
)
BODY = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [b"ID3\x04\0\0", b"<html>", b"5\r\nID3\x04\0\r\n0\r\n\r\n", b"-5\r\nabc", b"fffffffff\r\n", b"1_0\r\nx"]
    ),
)
HEAD = st.lists(st.tuples(NAMES, VALUES), max_size=6)
ANSWER = st.one_of(
    st.tuples(STATUS, HEAD, BODY).map(
        lambda told: (
            b"HTTP/1.1 " + told[0] + b" X\r\n" + b"".join(b"%s: %s\r\n" % line for line in told[1]) + b"\r\n" + told[2]
        )
    ),
    st.binary(max_size=300),
)


@pytest.fixture(scope="module")
def host():
    with serving(Raw({})) as raw:
        yield raw


def limits() -> Crawl:
    return Crawl(
        allow_private_hosts=True, delay_seconds=0, timeout_seconds=0.2, retries=0, max_fetch_seconds=2, max_bytes=10_000
    )


@cases(ANSWERS)
@given(answers=st.lists(ANSWER, min_size=1, max_size=3), have=st.binary(max_size=5))
def test_answers(host, answers, have):
    """A download, begun or gone on with, and a small document: ended soon, and never more than was allowed."""
    host.answers = {"/x": list(answers)}
    with tempfile.TemporaryDirectory() as folder:
        store, web, begun = Store(Path(folder) / "downloads"), Web(limits()), time.monotonic()
        if have:
            store.parts.of("k").write_bytes(have)
            store.parts.begin("k", '"a"', None)
        with contextlib.suppress(Reject):
            if fetch.download(web, store, "k", Request(host.url + "/x"), unless=('"b"', None)):
                assert 0 < store.parts.of("k").stat().st_size <= 10_000
        host.answers = {"/x": list(answers)}
        with contextlib.suppress(Reject):
            assert len(document.read(web, Request(host.url + "/x"), 1000).body) <= 1000
        assert time.monotonic() - begun < LONGEST_SECONDS


@cases(max(20, ANSWERS // 10))
@given(head=st.one_of(st.binary(max_size=300), ANSWER), answer=ANSWER)
def test_the_gate(host, head, answer):
    """Nonsense from inside and from outside: the gate stays open for the next."""
    import socket

    host.answers = {"/x": answer}
    with gate.opened(limits()) as door:
        asked = f"GET {host.url}/x HTTP/1.1\r\n".encode()
        for told in (head, asked + head + b"\r\n\r\n", asked + b"\r\n"):
            with socket.create_connection(door.server_address, 5) as inside, contextlib.suppress(ConnectionError):
                inside.sendall(told)
                inside.shutdown(socket.SHUT_WR)
                while inside.recv(65536):
                    pass


WORDS = """&# x ; 55357 <opml xmlUrl= " ' 00:00:01.000 --> {"items":[ {} ] "attachments" null 1e999 -1 * $ %2F % :
user-agent: disallow: crawl-delay: allow: http://h/ [::1] , # \ufeff \ud83d"""
TEXT = st.one_of(
    st.text(max_size=300), st.lists(st.sampled_from([*WORDS.split(), " ", "\n"]), max_size=60).map("".join)
)


@cases(TEXTS)
@given(text=TEXT, more=TEXT)
def test_texts(text, more):
    """What reads foreign text without a process of its own: an answer or a reject of ours, at once."""
    body, begun = text.encode("utf-8", "surrogatepass"), time.monotonic()
    for read in (sniff.check, captions.check):
        with contextlib.suppress(Reject):
            read(body)
    sniff.suffix(body)
    mended(body)
    json_feed(body, "http://h/")
    resolved(text, more)
    rules = Rules(text)
    rules.allows(more, text)
    rules.delay(more)
    matches(text, more)
    seconds(text), size(text), retry_after(text), split_line(text)
    entry = [{"url": text, "type": more, "language": text, "size": more}, {"url": None, "type": None, "language": None}]
    choose(entry), transcripts(entry)
    assert canonical(canonical(text)) == canonical(text)
    assert "\n" not in printable(text) and label(text) == label(label(text)) != ""
    with contextlib.suppress(ValueError):
        is_public(text)
    assert time.monotonic() - begun < 1


# What the crawl starts for each feed, in one process for all of them: a length, a feed, and back a line.
READER = """
import json, sys, traceback
from crawl import feedtext
while line := sys.stdin.buffer.readline():
    body = sys.stdin.buffer.read(int(line))
    try:
        told = feedtext.read(body, "http://h.example/feed")
    except Exception as error:  # of the parser: the process ends, and the feed is rejected
        frames = traceback.extract_tb(error.__traceback__)
        if frames[-1].filename.endswith("feedtext.py"):
            raise
        told = None
    sys.stdout.buffer.write(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\\n")
    sys.stdout.flush()
"""
PIECES = rb"""<?xml version="1.0" encoding="x"?>|<rss version="2.0"><channel>|</channel></rss>|<item>|</item>
<guid>a</guid>|<feed xmlns="http://www.w3.org/2005/Atom">|<entry>|<enclosure url="a.mp3" type="audio/mpeg" length="x"/>
<title>|</title>|<link rel="next" href="?2"/>|<pubDate>Mon, 99 Jan 99999</pubDate>|<![CDATA[|]]>|<!--|-->|&#55357;
&#56832;|&|&nbsp;|<|>|"
<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>|&a;|<itunes:duration>1:2:3:4:5</itunes:duration>|<podcast:transcript url="x"/>
<opml><outline xmlUrl="x"/>|{"items": [{"attachments": [{"url": 5}], "authors": 3}]}|<media:content url="http://["/>
"""
PIECES = [*PIECES.replace(b"\n", b"|").split(b"|"), b"\0", b"\xff\xfe", b"\xed\xa0\x80"]
FEED = st.one_of(
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=10)), max_size=40).map(b"".join),
    st.lists(st.sampled_from(PIECES), max_size=20).map(lambda told: b'<rss version="2.0"><channel>' + b"".join(told)),
)


def test_feeds():
    """Every feed gives entries or none, of the types that the crawl expects, and the reader lives on."""
    from crawl.episodes import to_items

    reader = subprocess.Popen([python(), "-c", READER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    numbers = count()

    @cases(FEEDS)
    @given(body=FEED)
    def read(body: bytes) -> None:
        begun, _ = time.monotonic(), next(numbers)
        reader.stdin.write(b"%d\n" % len(body) + body)
        reader.stdin.flush()
        answer = reader.stdout.readline()
        assert answer, "the reader ended"
        for item in to_items(json.loads(answer) or {}, "feed:x"):
            assert isinstance(item.url, str) and item.clean().key and json.dumps(item.clean().__dict__)
        assert time.monotonic() - begun < LONGEST_SECONDS

    try:
        read()
    finally:
        reader.kill()
        reader.communicate()
    assert next(numbers) >= FEEDS
