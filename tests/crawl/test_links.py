"""yt-dlp on pages of a server on loopback, and lists of links as people write them."""

import time

import pytest
from servers import Site, serve, sound

from crawl.item import Item
from crawl.links import describe
from crawl.lists import read_list, split_line
from pipeline.errors import ConfigError

AUDIO = "<!doctype html><title>{title}</title><h1>Show</h1>{tags}"
LINK = Item(kind="links", source="links:x", key="x", url="https://h.example/x")


def page(title: str, *names: str) -> tuple[str, bytes]:
    tags = "".join(f'<audio controls><source src="/f/{name}" type="audio/mpeg"></audio>' for name in names)
    return "text/html", AUDIO.format(title=title, tags=tags).encode()


def test_pages_with_audio_tags(room):
    """Two pages of one name: yt-dlp's own archive would take the second for the first."""
    site = Site({f"{n}.mp3": sound(str(n), 30_000) for n in range(5)})
    with serve(site):
        site.pages["/one/show"] = page("Monday", "0.mp3", "1.mp3")
        site.pages["/two/show"] = page("Tuesday", "2.mp3", "3.mp3")
        source = [{"links": [f"{site.url}/one/show", f"{site.url}/two/show"]}]
        told = room.crawl(source)
        assert {row["url"] for row in room.rows} == {f"{site.url}/f/{n}.mp3" for n in range(4)}, told
        assert all(room.file(row).read_bytes() == site.files[row["url"].rpartition("/")[2]] for row in room.rows)
        assert {row["page"] for row in room.rows} == set(source[0]["links"])
        assert any(row["title"].startswith("Monday") for row in room.rows)
        sent = sum(site.sent.values())
        assert "0 new, 4 known" in room.crawl(source)
        site.pages["/one/show"] = page("Monday", "4.mp3", "0.mp3", "1.mp3")  # the numbers on the page shift
        assert "1 new, 4 known" in room.crawl(source)
    assert sum(site.sent.values()) < sent + 90_000  # headers of the known may be looked at, their sound not
    assert len(room.rows) == 5


def test_a_download_that_was_cut_goes_on(room):
    site = Site({"0.mp3": sound("0", 300_000)}, {"0.mp3": ["", "cut"]})
    with serve(site):
        site.pages["/show"] = page("Monday", "0.mp3")
        room.crawl([{"links": f"{site.url}/show"}])
    assert room.file(room.rows[0]).read_bytes() == site.files["0.mp3"]
    assert not list((room.folder / "downloads" / "parts").iterdir())


def test_a_link_straight_to_a_recording(room):
    site = Site({"0.mp3": sound("0", 30_000)})
    with serve(site):
        source = [{"links": f"{site.url}/f/0.mp3"}]
        room.crawl(source)
        asked = len(site.log)
        assert "0 new, 1 known" in room.crawl(source) and len(site.log) == asked
    assert [row["url"] for row in room.rows] == [f"{site.url}/f/0.mp3"] and room.rejects == []


def test_a_crawl_that_was_killed_goes_on(room):
    site = Site({"0.mp3": sound("0", 1_000_000)})
    site.block_seconds = 0.02
    with serve(site):
        site.pages["/show"] = page("Monday", "0.mp3")
        started = room.start([{"links": f"{site.url}/show"}])
        while sum(path.stat().st_size for path in room.folder.glob("downloads/parts/*")) < 300_000:
            assert started.poll() is None
            time.sleep(0.05)
        started.kill()
        started.wait()
        asked = len(site.log)
        site.block_seconds = 0.0
        room.crawl([{"links": f"{site.url}/show"}])
    assert room.file(room.rows[0]).read_bytes() == site.files["0.mp3"]
    assert any(one.range and one.range != "bytes=0-" for one in site.log[asked:] if one.path == "/f/0.mp3")


def test_max_items_too_large_and_unsupported(room):
    site = Site({f"{n}.mp3": sound(str(n), 30_000) for n in range(3)} | {"big.mp3": sound("big", 400_000)})
    with serve(site):
        site.pages["/show"] = page("Monday", "0.mp3", "1.mp3", "2.mp3")
        site.pages["/big"] = page("Big", "big.mp3")
        site.pages["/text"] = ("text/html", b"<!doctype html><title>words only</title>")
        sources = [{"links": f"{site.url}/{name}"} for name in ("show", "big", "text")]
        room.crawl(sources, max_items=2, max_bytes=100_000)
        assert len(room.rows) == 2
        assert {(row["url"], row["reason"]) for row in room.rejects} == {
            (f"{site.url}/f/big.mp3", "too_large"),
            (f"{site.url}/text", "link_failed"),
        }
    assert not list((room.folder / "downloads" / "parts").iterdir())


def test_a_page_that_leads_inside_is_refused(room):
    """Loopback is not allowed here: yt-dlp's own connections are held back by the gate."""
    site = Site({"0.mp3": sound("0", 1000)})
    with serve(site):
        site.pages["/show"] = page("Monday", "0.mp3")
        room.crawl([{"links": f"{site.url}/show"}], status=1, allow_private_hosts=False)
    assert room.rejects[0]["reason"] == "private_address" and site.log == []


def test_what_yt_dlp_tells_becomes_an_item():
    info = {"extractor_key": "Youtube", "id": "abc", "webpage_url": "https://y.example/watch?v=abc", "title": "T"}
    info |= {"channel": "C", "upload_date": "20240131", "duration": 61, "license": "CC BY"}
    item = describe(info, LINK)
    assert (item.key, item.other_keys, item.url) == ("Youtube:abc", ("x",), "https://y.example/watch?v=abc")
    assert (item.uploader, item.published, item.duration, item.licence) == ("C", "2024-01-31", 61, "CC BY")
    assert describe(info | {"playlist_index": 3}, LINK).other_keys == ()
    flat = {"_type": "url", "ie_key": "Youtube", "id": "abc", "url": "https://y.example/watch?v=abc"}
    assert describe(flat, LINK).key == item.key
    assert describe({"_type": "playlist", "id": "p"}, LINK) is None and describe({"id": "x"}, LINK) is None


def test_lists_as_people_write_them(tmp_path):
    text = "\ufeff# videos\r\nhttps://h/a?x=1,2, https://h/b,https://h/c\r\n\r\n"
    text += "https://h/a?x=1,2\n  https://h/d#t # note\n,"
    (tmp_path / "list.txt").write_text(text, encoding="utf-8")
    wanted = ["https://h/a?x=1,2", "https://h/b", "https://h/c", "https://h/d#t"]
    assert read_list(str(tmp_path / "list.txt"), "links") == wanted
    assert read_list("https://h/a,b", "http") == ["https://h/a,b"] and read_list(["b ", "b"], "http") == ["b"]
    assert split_line("# only words") == [""]
    with pytest.raises(ConfigError, match="links: the list 'nowhere.txt' cannot be read"):
        read_list("nowhere.txt", "links")
