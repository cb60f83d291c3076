"""A file counts as whole by a length, an end or a second delivery; never is one pieced together of two."""

import ssl
import subprocess

import pytest
from raw import Raw, answer, chunked, serving, unsized
from servers import sound

from crawl import fetch
from crawl.settings import Crawl
from crawl.store import Store
from crawl.web import Request, Web
from pipeline.errors import Reject

OLD, NEW = sound("old", 300_000), sound("new", 300_000)
HEAD = 40_000  # bytes that came before a cut


def download(raw: Raw, folder, path: str = "/a.mp3", **settings) -> bytes:
    """What the crawl keeps of an address."""
    limits = {"allow_private_hosts": True, "delay_seconds": 0, "timeout_seconds": 2, "retries": 3} | settings
    store, web = Store(folder / "downloads"), Web(Crawl(**limits))
    fetch.download(web, store, "k", Request(raw.url + path))
    return store.parts.of("k").read_bytes()


def part(body: bytes, start: int, *headers: str, stop: int | None = None) -> bytes:
    """A 206 for the bytes from `start`, of which those from `stop` on do not come."""
    told = [f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}", *headers]
    whole = answer(body[start:], *told, status="206 Partial Content")
    return whole if stop is None else whole[: stop - len(body)]


def cut(body: bytes, *headers: str) -> bytes:
    return answer(body, *headers)[: HEAD - len(body)]


def test_a_cut_chunked_answer_and_a_cut_rest(tmp_path):
    """The length that the rest's Content-Range states counts, though the first answer stated none."""
    tag = 'ETag: "a"'
    rest = [part(OLD, HEAD, tag, stop=263_036), part(OLD, 263_036, tag)]
    raw = Raw({"/a.mp3": [chunked(OLD[:HEAD], tag, cut=True), *rest]})
    with serving(raw):
        assert download(raw, tmp_path) == OLD
    assert [seen.headers.get("range") for seen in raw.log] == [None, f"bytes={HEAD}-", "bytes=263036-"]


@pytest.mark.parametrize("tags", [('ETag: "a"', 'ETag: "b"'), ('ETag: "a"', "X-None: 1")])
def test_a_server_that_ignores_if_range(tmp_path, tags):
    """The rest of another file of the same size, its ETag another or none: begun again."""
    raw = Raw({"/a.mp3": [cut(OLD, tags[0]), part(NEW, HEAD, tags[1]), answer(NEW, tags[1])]})
    with serving(raw):
        assert download(raw, tmp_path) == NEW
    assert raw.log[1].headers["if-range"] == '"a"' and "range" not in raw.log[2].headers


def test_a_date_vouches_only_where_it_is_older_than_the_answer(tmp_path):
    changed = "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT"
    for number, (date, ranges) in enumerate((("00:00:30", [None, None]), ("12:00:00", [None, f"bytes={HEAD}-"]))):
        told = (changed, f"Date: Mon, 01 Jan 2024 {date} GMT")
        answers = [cut(OLD, *told), lambda seen, send, told=told: send(_ranged(OLD, seen, told))]
        raw = Raw({"/a.mp3": lambda seen, send, answers=answers: _next(answers, seen, send)})
        with serving(raw):
            assert download(raw, tmp_path / str(number)) == OLD
        assert [seen.headers.get("range") for seen in raw.log] == ranges


def _ranged(body: bytes, seen, told: tuple[str, ...]) -> bytes:
    return part(body, HEAD, *told) if "range" in seen.headers else answer(body, *told)


def _next(answers: list, seen, send) -> None:
    told = answers.pop(0) if len(answers) > 1 else answers[0]
    told(seen, send) if callable(told) else send(told)


def test_a_body_without_length_counts_when_it_comes_twice(tmp_path):
    raw = Raw({"/a.mp3": [unsized(OLD[:HEAD]), unsized(OLD), unsized(OLD)]})
    with serving(raw):
        assert download(raw, tmp_path) == OLD


def test_a_body_without_length_counts_when_nothing_follows(tmp_path):
    """Where the server knows ranges, asking for what comes after the end costs no second delivery."""

    def told(seen, send):
        over = f"HTTP/1.1 416 No\r\nContent-Range: bytes */{len(OLD)}\r\nContent-Length: 0\r\n\r\n".encode()
        send(over if seen.headers.get("range") == f"bytes={len(OLD)}-" else unsized(OLD, 'ETag: "a"'))

    raw = Raw({"/a.mp3": told})
    with serving(raw):
        assert download(raw, tmp_path) == OLD
    assert len(raw.log) == 2


def test_a_body_without_length_that_is_another_each_time_is_refused(tmp_path):
    raw = Raw({"/a.mp3": lambda seen, send: send(unsized(OLD[: 5000 + len(raw.log) % 2]))})
    with serving(raw), pytest.raises(Reject) as refused:
        download(raw, tmp_path)
    assert refused.value.reason == "incomplete"


def test_what_a_site_wants_to_be_asked_in_chunks(tmp_path):
    def told(seen, send):
        first, last = map(int, seen.headers["range"].removeprefix("bytes=").split("-"))
        last = min(last, len(OLD) - 1)
        head = [f"Content-Range: bytes {first}-{last}/{len(OLD)}", 'ETag: "a"']
        send(answer(OLD[first : last + 1], *head, status="206 Partial Content"))

    raw = Raw({"/a.mp3": told})
    store = Store(tmp_path / "downloads")
    with serving(raw):
        web = Web(Crawl(allow_private_hosts=True, delay_seconds=0))
        fetch.download(web, store, "k", Request(raw.url + "/a.mp3", chunk=100_000))
    assert store.parts.of("k").read_bytes() == OLD and len(raw.log) == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": "quota exceeded"}', "not_a_recording"),
        (b"Too many requests. " * 100, "not_a_recording"),
        ("Přístup odepřen".encode("iso8859-2") * 50, "not_a_recording"),
        ("nicht gefunden".encode("utf-16"), "not_a_recording"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_a_recording"),
        (b"\xef\xbb\xbf <!DOCTYPE html><p>log in", "html"),
        (b"<!---->" * 400 + b"<html>", "html"),
    ],
)
def test_an_error_page_with_status_200_is_not_kept(tmp_path, body, reason):
    raw = Raw({"/a.mp3": answer(body)})
    with serving(raw), pytest.raises(Reject) as refused:
        download(raw, tmp_path)
    assert refused.value.reason == reason
    assert not list((tmp_path / "downloads" / "parts").iterdir())


def test_a_slow_download_is_begun_anew(tmp_path):
    """The first connection drips; the next, asked for the rest, does not."""
    raw = Raw({})
    slow = raw.drip(answer(OLD, 'ETag: "a"')[: 50_000 - len(OLD)], OLD[50_000:50_001])
    answers = [slow, lambda seen, send: send(part(OLD, _first(seen), 'ETag: "a"'))]
    raw.answers["/a.mp3"] = lambda seen, send: _next(answers, seen, send)
    with serving(raw):
        kept = download(raw, tmp_path, min_bytes_per_second=1_000_000, timeout_seconds=1)
    assert len(kept) == len(OLD) and kept[:50_000] == OLD[:50_000] and len(raw.log) == 2


def _first(seen) -> int:
    return int(seen.headers["range"].removeprefix("bytes=").rstrip("-"))


def test_tls(tmp_path):
    """A certificate that can be checked, one that cannot, and a handshake that never ends."""
    key, names = tmp_path / "key.pem", "subjectAltName=IP:127.0.0.1"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -addext".split()
    subprocess.run(
        [*command, names, "-keyout", key, "-out", key.with_name("cert.pem")], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key.with_name("cert.pem"), key)

    def told(seen, send) -> None:
        raise AssertionError("no plain request is expected")

    raw = Raw({"/a.mp3": told})
    with serving(raw, tls=context) as secure, serving(Raw({})) as plain:
        store = Store(tmp_path / "downloads")
        web = Web(Crawl(allow_private_hosts=True, delay_seconds=0, timeout_seconds=1, retries=0))
        with pytest.raises(Reject) as refused:
            fetch.download(web, store, "k", Request(secure.url + "/a.mp3"))
        assert refused.value.reason == "tls"
        web._tls.load_verify_locations(key.with_name("cert.pem"))
        secure.answers = {"/a.mp3": answer(OLD)}
        fetch.download(web, store, "k", Request(secure.url + "/a.mp3"))
        assert store.parts.of("k").read_bytes() == OLD
        with pytest.raises(Reject) as refused:  # which waits for the first line of a request
            fetch.download(web, store, "l", Request(plain.url.replace("http:", "https:") + "/a.mp3"))
        assert refused.value.reason in ("timeout", "connection")


def test_interim_answers_are_read_past(tmp_path):
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" * 3
    raw = Raw({"/a.mp3": hints + answer(OLD), "/many.mp3": hints * 50 + answer(OLD)})
    with serving(raw):
        assert download(raw, tmp_path) == OLD
        with pytest.raises(Reject) as refused:
            download(raw, tmp_path / "many", "/many.mp3", retries=0)
    assert refused.value.reason == "connection"


@pytest.mark.parametrize("length", ["9" * 25, "9" * 5000, "18446744073709551616", "-5", "5, 5", ""])
def test_a_length_that_is_none(tmp_path, length):
    """Ends in bounded time with a reason of ours, not with an exception of a library's."""
    raw = Raw({"/a.mp3": unsized(OLD[:5000], f"Content-Length: {length}")})
    with serving(raw), pytest.raises(Reject) as refused:
        download(raw, tmp_path, retries=0, max_bytes=1_000_000)
        raise Reject("whole", "")
    assert refused.value.reason in ("too_large", "incomplete", "connection", "whole")


@pytest.mark.parametrize("wait", ["0", "Mon, 01 Jan 2024 00:00:00 GMT", "-7"])
def test_a_server_that_asks_for_no_wait_is_not_hammered(tmp_path, wait):
    busy = answer(b"", f"Retry-After: {wait}", status="503 Busy")
    raw = Raw({"/a.mp3": [busy, busy, busy, answer(OLD)]})
    with serving(raw):
        assert download(raw, tmp_path) == OLD
    pauses = [later.time - first.time for first, later in zip(raw.log, raw.log[1:], strict=False)]
    assert all(pause >= least for pause, least in zip(pauses, (0.12, 0.25, 0.5), strict=True))
