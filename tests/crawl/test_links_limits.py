"""links keeps the crawl's limits and manners, and never pieces two files together."""

import time

import pytest
from raw import Raw, answer, serving
from servers import sound

OLD, NEW = sound("old", 300_000), sound("new", 300_000)
DELAY = 0.6  # seconds between two requests
PAGE = '<!doctype html><title>Show</title><audio src="/f/0.mp3" controls></audio>'


def page(body: str = PAGE) -> bytes:
    return answer(body.encode(), kind="text/html; charset=utf-8")


def ranged(body: bytes, tag: str, stop: int | None = None):
    """A file that knows ranges and If-Range; `stop`: where a whole delivery is cut."""

    def told(seen, send):
        asked, right = seen.headers.get("range"), seen.headers.get("if-range", tag) == tag
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked and right else 0
        more = (f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}",) if asked and right else ()
        whole = answer(body[start:], f"ETag: {tag}", *more, status="206 Partial Content" if more else "200 OK")
        send(whole[: stop - len(body)] if stop and not start else whole)

    return told


def test_a_file_that_changed_between_two_runs(room):
    """Resumed without If-Range, it would be an old head and a new tail."""
    with serving(Raw({"/show": page(), "/f/0.mp3": ranged(OLD, '"old"', 100_000)})) as raw:
        source = [{"links": raw.url + "/show"}]
        room.crawl(source, 1, retries=0)
        assert list((room.folder / "downloads" / "parts").iterdir())
        raw.answers["/f/0.mp3"] = ranged(NEW, '"new"')
        room.crawl(source)
    assert room.file(room.rows[0]).read_bytes() == NEW


@pytest.mark.parametrize("where", ["page", "file"])
def test_max_fetch_seconds(room, where):
    with serving(Raw({})) as raw:
        raw.answers = {"/show": page(), "/robots.txt": answer(b"", kind="text/plain")}
        kind = "text/html" if where == "page" else "audio/mpeg"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: 1000000\r\n\r\n".encode()
        raw.answers["/show" if where == "page" else "/f/0.mp3"] = raw.drip(
            head, b"ID3\x04" if where == "file" else b" "
        )
        begun = time.monotonic()
        room.crawl([{"links": raw.url + "/show"}], 1, max_fetch_seconds=3, timeout_seconds=2)
        assert time.monotonic() - begun < 15
    assert [row["reason"] for row in room.rejects] == ["timeout"]


@pytest.mark.parametrize(("status", "wait"), [("503 Busy", None), ("429 Slowly", "2")])
def test_a_busy_host_is_asked_again_in_its_time(room, status, wait):
    told = (f"Retry-After: {wait}",) if wait else ()
    busy = answer(b"", *told, status=status)
    with serving(Raw({"/show": [busy, page()], "/f/0.mp3": [busy, answer(OLD)]})) as raw:
        room.crawl([{"links": raw.url + "/show"}], delay_seconds=DELAY)
        times = [seen.time for seen in raw.log]
    assert len(room.rows) == 1
    pauses = [later - first for first, later in zip(times, times[1:], strict=False)]
    assert min(pauses) >= DELAY - 0.2, [(seen.path, seen.time - times[0]) for seen in raw.log]
    for path in ("/show", "/f/0.mp3"):
        first, second = (seen.time for seen in raw.requests(path)[:2])
        assert second - first >= float(wait or DELAY) - 0.2


def test_cookies_are_read_and_never_written(room):
    mine = room.folder / "cookies.txt"
    line = "127.0.0.1\tFALSE\t/\tFALSE\t0\tlogin\ts3cret\n"
    mine.write_text("# Netscape HTTP Cookie File\n" + line)
    before = mine.read_bytes()
    greeting = page().replace(b"Content-Length", b"Set-Cookie: track=1; Path=/\r\nContent-Length", 1)
    with serving(Raw({"/show": greeting, "/f/0.mp3": answer(OLD)})) as raw, serving(Raw({}), "127.0.0.2") as other:
        other.answers = {"/show": page(), "/f/0.mp3": answer(NEW)}
        room.crawl([{"links": [raw.url + "/show", other.url + "/show"]}], cookies=str(mine))
        assert "login=s3cret" in raw.requests("/show")[0].headers["cookie"]
        assert {"login=s3cret", "track=1"} <= set(raw.requests("/f/0.mp3")[0].headers["cookie"].split("; "))
        assert not any("s3cret" in seen.headers.get("cookie", "") for seen in other.log)
    assert mine.read_bytes() == before and len(room.rows) == 2


LIST = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n" + "".join(f"#EXTINF:10,\n/{n}.ts\n" for n in range(3))


@pytest.mark.parametrize("fault", ["", "no end", "a fragment is gone", "a fragment without a length"])
def test_fragments_are_all_there_or_none(room, fault):
    pieces = [b"\x47\x00" + sound(f"piece {n}", 20_000) for n in range(3)]
    body = LIST + ("" if fault == "no end" else "#EXT-X-ENDLIST\n")
    with serving(Raw({f"/{n}.ts": answer(piece, kind="video/mp2t") for n, piece in enumerate(pieces)})) as raw:
        raw.answers["/list.m3u8"] = answer(body.encode(), kind="application/vnd.apple.mpegurl")
        if fault == "a fragment is gone":
            del raw.answers["/1.ts"]
        if fault == "a fragment without a length":
            raw.answers["/1.ts"] = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n" + pieces[1][:9000]
        room.crawl([{"links": raw.url + "/list.m3u8"}], int(bool(fault)), retries=1)
    if fault:
        assert room.rows == [] and [row["reason"] for row in room.rejects] == [
            "live" if fault == "no end" else "link_failed"
        ]
    else:
        assert room.file(room.rows[0]).read_bytes() == b"".join(pieces)
    assert not list((room.folder / "downloads" / "parts").iterdir())


TRACKS = """<!doctype html><title>Show</title><video><source src="/f/0.mp3" type="audio/mpeg">
<track kind=subtitles srclang=ko src="/ko.vtt"><track kind=subtitles srclang=de src="/de.vtt"></video>"""


def test_captions_come_along(room):
    told = b"WEBVTT\n\n00:01.000 --> 00:02.000\nGood morning.\n"
    with serving(Raw({"/show": page(TRACKS), "/f/0.mp3": answer(OLD)})) as raw:
        raw.answers |= {f"/{name}.vtt": answer(told, kind="text/vtt") for name in ("ko", "de")}
        room.crawl([{"links": raw.url + "/show"}], captions={"languages": ["ko"], "automatic": True})
        assert not raw.requests("/de.vtt")
    (row,) = room.rows
    assert row["captions"] == [f"downloads/{row['id']}.ko.vtt"]
    assert (room.folder / row["captions"][0]).read_bytes() == told


def test_format_and_track():
    from crawl.settings import Crawl
    from crawl.ytdlp import options

    more = {"parts": "p", "proxy": "x", "cookies": ""}
    chosen = options(Crawl(format="worstaudio", audio_language="ko").model_dump(mode="json") | more)
    assert chosen["format"] == "bestaudio[language^=ko]/best[language^=ko]/worstaudio"
    assert options(Crawl().model_dump(mode="json") | more)["format"] == "bestaudio/best"


DASH = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S">
<Period duration="PT4S">{tracks}</Period></MPD>"""
TRACK = """<AdaptationSet mimeType="audio/mp4" lang="{0}"><SegmentTemplate timescale="1" duration="2" startNumber="1"
media="/{0}-$Number$.m4s" initialization="/{0}-init.mp4"/><Representation id="{0}" bandwidth="{1}" codecs="mp4a.40.2"
audioSamplingRate="44100"/></AdaptationSet>"""


def test_the_track_of_a_language(room):
    """Of two tracks the better one is taken, or that of the language asked for."""
    with serving(Raw({})) as raw:
        body = DASH.format(tracks=TRACK.format("en", 128000) + TRACK.format("ko", 64000))
        raw.answers["/show.mpd"] = answer(body.encode(), kind="application/dash+xml")
        for name in ("en", "ko"):
            for piece in ("init.mp4", "1.m4s", "2.m4s"):
                raw.answers[f"/{name}-{piece}"] = answer(
                    b"\0\0\0\x18ftyp" + sound(name + piece, 5000), kind="audio/mp4"
                )
        room.crawl([{"links": raw.url + "/show.mpd"}], audio_language="ko")
        assert raw.requests("/ko-2.m4s") and not raw.requests("/en-2.m4s")
    assert len(room.rows) == 1
