"""What feeds do that a simple reader loses episodes by: pages, formats, addresses, guids, cuts, passwords."""

import gzip
import json
import zlib

import pytest
from conftest import HEAVY
from raw import Raw, answer, serving
from servers import Site, serve, sound
from test_feed import episode, rss

from crawl import characters, episodes, feedtext
from crawl.item import Item

DAYS = 30 if HEAVY else 4  # of a show whose episodes all have one address
VTT = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nGood morning.\n"
SRT = b"1\r\n00:00:01,000 --> 00:00:02,500\r\nGuten Morgen.\r\n"


def site_of(count: int, **more) -> Site:
    return Site({f"{n}.mp3": sound(str(n), 9_000) for n in range(count)}, **more)


def publish(site: Site, body: bytes, path: str = "/feed", kind: str = "application/rss+xml") -> list[dict]:
    """Put a feed on the site; the sources that name it."""
    site.pages[path] = (kind, body)
    return [{"feed": site.url + path}]


def titles(room) -> list[str]:
    return sorted(row["title"] for row in room.rows)


def test_a_fixed_address_with_daily_guids(room):
    """The address is always latest.mp3; every day its bytes and the feed's one guid are new."""
    site = Site({"latest.mp3": b""})
    with serve(site):
        for day in range(DAYS):
            site.files["latest.mp3"] = sound(f"day {day}", 9_000)
            entry = {"title": "News", "guid": f"g{day}", "name": "latest.mp3"}
            room.crawl(publish(site, rss(site.url, [entry])), respect_robots=False)
    assert len(list((room.folder / "downloads").glob("c*.mp3"))) == DAYS == len(room.rows)
    assert site.delivered["latest.mp3"] == DAYS


def test_a_new_guid_for_the_same_bytes_costs_nothing(room):
    site = site_of(1)
    with serve(site):
        for guid in ("a", "b", "c"):
            told = room.crawl(publish(site, rss(site.url, [episode(0, guid=guid)])))
    assert "0 new, 1 known" in told and site.delivered == {"0.mp3": 1}
    assert [row["reason"] for row in room.rejects] == ["duplicate"] * 2


def test_a_server_that_only_repeats_its_etag(room):
    """It answers 200 to If-None-Match: the body is not read, and the episode is known."""
    with serving(Raw({"/f/0.mp3": answer(sound("0", 9000), 'ETag: "a"')})) as raw:
        for guid in ("a", "b"):
            raw.answers["/feed"] = answer(rss(raw.url, [episode(0, guid=guid)]), kind="text/xml")
            told = room.crawl([{"feed": raw.url + "/feed"}])
    assert "0 new, 1 known" in told and "0.0 MB came" in told


def test_guids_that_change_where_the_server_has_no_validators(room):
    """The same address, title and time are the same episode: not fetched once more."""
    site = site_of(1)
    site.etag = False
    with serve(site):
        for guid in ("a", "b"):
            room.crawl(publish(site, rss(site.url, [episode(0, guid=guid)])))
    assert site.delivered == {"0.mp3": 1}


def test_an_error_page_is_tried_again(room):
    """Kept as the recording once, and known for ever."""
    with serving(Raw({})) as raw:
        raw.answers["/feed"] = answer(rss(raw.url, [episode(0, name="0.mp3")]), 'ETag: "a"', kind="text/xml")
        raw.answers["/f/0.mp3"] = [answer(b'{"error": "quota"}'), answer(sound("0", 9000))]
        room.crawl([{"feed": raw.url + "/feed"}], status=1)
        assert [row["reason"] for row in room.rejects] == ["not_a_recording"]
        room.crawl([{"feed": raw.url + "/feed"}])
    assert len(room.rows) == 1


def test_a_feed_that_was_cut_is_read_again(room):
    """Without a length a cut feed looks whole: it is not remembered by its ETag."""
    with serving(Raw({})) as raw:
        body = rss(raw.url, [episode(n) for n in range(10)])
        short = body[: body.index(b"Episode 4")]
        head = b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nETag: "same"\r\n\r\n'
        raw.answers = {f"/f/{n}.mp3": answer(sound(str(n), 9000)) for n in range(10)}

        def told(seen, send):
            if len(raw.requests("/feed")) == 1:
                send(head + short)
            elif seen.headers.get("if-none-match"):
                send(b'HTTP/1.1 304 Not Modified\r\nETag: "same"\r\n\r\n')
            else:
                send(head + body)

        raw.answers["/feed"] = told
        room.crawl([{"feed": raw.url + "/feed"}])
        assert 0 < len(room.rows) < 10 and [row["reason"] for row in room.rejects] == ["incomplete"]
        room.crawl([{"feed": raw.url + "/feed"}])
        assert len(room.rows) == 10 and room.rejects == []
        room.crawl([{"feed": raw.url + "/feed"}])
        assert raw.requests("/feed")[-1].headers.get("if-none-match")


def test_half_a_character_costs_no_feed(room):
    site = site_of(2)
    with serve(site):
        body = rss(
            site.url, [episode(0, title="Smile &#55357;&#56832; &#xd83d;&#xDE00;"), episode(1, title="Half &#55357;!")]
        )
        room.crawl(publish(site, body))
    assert titles(room) == ["Half \ufffd!", "Smile \U0001f600 \U0001f600"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"&#55357;&#56832;", b"&#128512;"),
        (b"&#xD83D;&#xde00;", b"&#128512;"),
        (b"&#55357;", b"&#65533;"),
        (b"&#56832;&#55357;", b"&#65533;&#65533;"),
        (b"&#0;&#8;&#xFFFF;", b"&#65533;" * 3),
        (b"&#x110000;&#99999999999999999999;", b"&#65533;" * 2),
        (b"&#38;&#60;&#233;", b"&#38;&#60;&#233;"),
        (b"&amp; &#; &#x; &#12", b"&amp; &#; &#x; &#12"),
    ],
)
def test_references_that_xml_forbids(written, meant):
    assert characters.mended(written) == meant


def test_relative_addresses(room):
    site = site_of(2)
    with serve(site):
        body = rss("", [episode(0), episode(1)]).replace(b'url="/f/1.mp3"', b'url="../f/1.mp3"')
        room.crawl(publish(site, body, "/shows/feed.xml"))
        assert {row["url"] for row in room.rows} == {f"{site.url}/f/{n}.mp3" for n in range(2)}


def test_a_guid_that_several_share(room):
    site = site_of(4)
    with serve(site):
        source = publish(site, rss(site.url, [episode(n, guid="the show") for n in range(4)]))
        room.crawl(source)
        assert len(room.rows) == 4
        site.pages["/feed"] = (site.pages["/feed"][0], site.pages["/feed"][1] + b"\n")
        assert "0 new, 4 known" in room.crawl(source)
    assert set(site.delivered.values()) == {1}


def test_an_address_that_does_not_say_what_it_is(room):
    site = site_of(1)
    site.files["get"] = sound("x", 9000)
    with serve(site):
        body = rss(site.url, [episode(0), episode(1, name="get")]).replace(b"audio/mpeg", b"application/octet-stream")
        room.crawl(publish(site, body))
        assert {row["path"].rpartition(".")[2] for row in room.rows} == {"mp3"} and len(room.rows) == 2


def test_an_entry_without_a_date_stays_with_its_neighbours(room):
    site = site_of(6)
    with serve(site):
        entries = [episode(n, date=f"0{9 - n} Jan 2023 10:00:00 GMT") for n in range(6)]
        entries[1]["date"] = "yesterday"
        room.crawl(publish(site, rss(site.url, entries)), max_items=3)
    assert titles(room) == ["Episode 0", "Episode 1", "Episode 2"]


def test_newest_first():
    def item(name: str, published: str | None) -> Item:
        return Item("feed", "s", name, name, published=published)

    order = [item("a", None), item("b", "2023-01-02"), item("c", None), item("d", "2023-01-05")]
    assert [one.key for one in episodes.newest_first(order)] == ["d", "a", "b", "c"]
    assert [one.key for one in episodes.newest_first(order[:1])] == ["a"]


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"), [("GZIP", gzip.compress), ("deflate", zlib.compress), ("Deflate", _raw_deflate)]
)
def test_packed_feeds(room, encoding, pack):
    with serving(Raw({"/f/0.mp3": answer(sound("0", 9000))})) as raw:
        body = pack(rss(raw.url, [episode(0)]))
        raw.answers["/feed"] = answer(body, f"Content-Encoding: {encoding}", kind="text/xml")
        room.crawl([{"feed": raw.url + "/feed"}])
    assert len(room.rows) == 1


def paged(site: Site, newest: int) -> None:
    """Two episodes a page, newest first, each page naming the next."""
    for page in range((newest + 2) // 2):
        here = [episode(n, date=f"{n + 1:02} Jan 2023 10:00:00 GMT") for n in range(newest - 2 * page, -1, -1)[:2]]
        link = f'<link xmlns="http://www.w3.org/2005/Atom" rel="next" href="/feed?page={page + 2}"/></channel>'
        body = rss(site.url, here)
        last = 2 * page + 2 > newest
        path = "/feed" if not page else f"/feed{page + 1}"
        body = body if last else body.replace(b"</channel>", link.replace("?page=", "").encode())
        site.pages[path] = ("application/rss+xml", body)


def test_pages_of_a_feed(room):
    site = site_of(10)
    with serve(site):
        paged(site, 8)
        source = [{"feed": site.url + "/feed"}]
        room.crawl(source)
        assert len(room.rows) == 9
        paged(site, 9)
        asked = len(site.log)
        assert "1 new" in room.crawl(source)
        # No further back than to the first page on which all is known.
        assert len([one for one in site.log[asked:] if one.path.startswith("/feed")]) <= 2
        room.crawl(source, max_items=3)
        assert len({one.path for one in site.log[asked:] if one.path.startswith("/feed")}) <= 3


def test_pages_that_lead_back(room):
    site = site_of(4)
    with serve(site):
        for path, following, n in (("/feed", "/feed2", 0), ("/feed2", "/feed", 1)):
            link = f'<link xmlns="http://www.w3.org/2005/Atom" rel="next" href="{following}"/></channel>'
            publish(site, rss(site.url, [episode(n)]).replace(b"</channel>", link.encode()), path)
        room.crawl([{"feed": site.url + "/feed"}])
        assert len(room.rows) == 2 and len(site.requests("/feed")) == 1


def test_json_feed(room):
    site = site_of(3)
    with serve(site):
        items = [
            {
                "id": f"i{n}",
                "title": f"Episode {n}",
                "url": f"{site.url}/show/{n}",
                "date_published": f"2024-01-0{n + 1}T10:00:00+09:00",
                "attachments": [{"url": f"f/{n}.mp3", "mime_type": "audio/mpeg", "duration_in_seconds": 600}],
            }
            for n in range(3)
        ]
        told = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Show",
            "authors": [{"name": "Host"}],
            "items": items,
        }
        source = publish(site, json.dumps(told).encode(), kind="application/feed+json")
        room.crawl(source, max_items=2)
    assert titles(room) == ["Episode 1", "Episode 2"]
    assert room.rows[0]["published"] == "2024-01-02T01:00:00Z" and room.rows[0]["uploader"] == "Host"


def test_opml(room):
    site = site_of(4)
    with serve(site):
        for n in range(2):
            publish(site, rss(site.url, [episode(2 * n), episode(2 * n + 1)]), f"/show{n}")
        outlines = (
            f'<outline text="A"><outline type="rss" xmlUrl="{site.url}/show0"/></outline><outline xmlUrl="/show1"/>'
        )
        body = f'<?xml version="1.0"?><opml version="2.0"><body>{outlines}</body></opml>'
        room.crawl(publish(site, body.encode(), "/shows.opml", "text/x-opml"))
        assert len(room.rows) == 4
        mine = room.folder / "shows.opml"
        mine.write_text(body.replace('"/show1"', f'"{site.url}/show1"'))
        assert "0 new, 4 known" in room.crawl([{"feed": str(mine)}])
        assert "'gone.opml' does not exist" in room.crawl([{"feed": "gone.opml"}], status=1)


def test_a_feed_with_a_password(room, monkeypatch):
    """The password comes from the environment, goes to the feed's host alone, and stands nowhere."""
    secret = "Basic bWU6czNjcmV0"  # me:s3cret
    with serving(Raw({})) as raw, serving(Raw({}), "127.0.0.2") as other:

        def told(seen, send):
            right = seen.headers.get("authorization") == secret
            body = rss(raw.url, [episode(0), episode(1)]).replace(
                f"{raw.url}/f/1".encode(), f"{other.url}/f/1".encode()
            )
            send(answer(body, kind="text/xml") if right else answer(b"", status="401 No"))

        raw.answers = {"/feed": told, "/f/0.mp3": answer(b"", f"Location: {other.url}/f/0.mp3", status="302 Found")}
        other.answers = {f"/f/{n}.mp3": answer(sound(str(n), 9000)) for n in range(2)}
        source = [{"feed": {"url": raw.url + "/feed", "user": "SHOW_USER", "password": "SHOW_PASSWORD"}}]
        assert "SHOW_USER is not set" in room.crawl(source, status=1)
        monkeypatch.setenv("SHOW_USER", "me")
        monkeypatch.setenv("SHOW_PASSWORD", "s3cret")
        log = room.crawl(source)
    assert len(room.rows) == 2
    assert raw.requests("/f/0.mp3")[0].headers["authorization"] == secret
    assert not any("authorization" in seen.headers for seen in other.log)
    kept = b"".join(path.read_bytes() for path in room.folder.rglob("*") if path.is_file())
    assert b"s3cret" not in kept and secret.encode() not in kept and "s3cret" not in log


def test_transcripts_come_along(room):
    site = site_of(3)
    with serve(site):
        site.pages |= {"/0.vtt": ("text/vtt", VTT), "/0.srt": ("text/srt", SRT), "/2.vtt": ("text/vtt", b"<html>no")}
        told = {
            0: [("/0.srt", "application/srt", "ko"), ("/0.vtt", "text/vtt", "ko-KR"), ("/0.html", "text/html", "ko")],
            1: [("/0.srt", "application/x-subrip", None), ("/0.vtt", "text/vtt", "de")],
            2: [("/2.vtt", "text/vtt", "ko")],
        }
        body = rss(site.url, [episode(n) for n in range(3)])
        for n, transcripts in told.items():
            tags = ""
            for url, kind, language in transcripts:
                spoken = f' language="{language}"' if language else ""
                tags += f'<p:transcript xmlns:p="{feedtext.PODCAST}" url="{url}" type="{kind}"{spoken}/>'
            body = body.replace(f"<title>Episode {n}</title>".encode(), f"<title>Episode {n}</title>{tags}".encode())
        source = publish(site, body)
        room.crawl(source)
        assert not any("captions" in row for row in room.rows)
        # Asked for later, they come to the recordings that are there.
        told = room.crawl(source, captions={"languages": ["ko"]})
        rows = {row["title"]: row for row in room.rows}
        names = [
            [path.removeprefix(f"downloads/{row['id']}") for path in row.get("captions", [])]
            for _, row in sorted(rows.items())
        ]
        assert names == [[".ko-KR.vtt", ".ko.srt"], [".srt"], []] and "0 new, 3 known" in told
        assert "captions of" in told and room.rejects == []
        assert (room.folder / rows["Episode 0"]["captions"][0]).read_bytes() == VTT
        assert (room.folder / rows["Episode 1"]["captions"][0]).read_bytes() == SRT
        asked = len(site.log)
        room.crawl(source, captions={"languages": ["ko"]})
        assert [one.path for one in site.log[asked:]] == ["/feed"]
