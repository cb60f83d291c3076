"""A podcast's feed that grows between two runs, and feeds that are not what they should be."""

from servers import Site, serve, sound

from crawl.episodes import choose, seconds

ENTRY = """<item><title>{title}</title><guid isPermaLink="false">{guid}</guid><link>{url}/show/{guid}</link>
<pubDate>{date}</pubDate><itunes:duration>{duration}</itunes:duration><itunes:author>Host</itunes:author>
<enclosure url="{url}/f/{name}" type="audio/mpeg" length="1"/></item>"""


def rss(url: str, entries: list[dict]) -> bytes:
    """An RSS feed of entries with title, guid, name, and optionally date and duration."""
    usual = {"date": "Mon, 02 Jan 2023 10:00:00 GMT", "duration": "10:00", "url": url}
    items = "".join(ENTRY.format(**usual | entry) for entry in entries)
    return f"""<?xml version="1.0"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule"><channel><title>A show</title>
<creativeCommons:license>https://creativecommons.org/licenses/by/4.0/</creativeCommons:license>
{items}</channel></rss>""".encode()


def episode(number: int, **more) -> dict:
    return {"title": f"Episode {number}", "guid": f"g{number}", "name": f"{number}.mp3"} | more


def test_a_feed_that_grows(room):
    site = Site({f"{n}.mp3": sound(str(n), 20_000) for n in range(6)})
    with serve(site):
        site.pages["/feed"] = ("application/rss+xml", rss(site.url, [episode(n) for n in range(4)]))
        source = [{"feed": f"{site.url}/feed"}]
        assert "4 new" in room.crawl(source)
        first = room.rows
        asked = len(site.log)
        assert "0 new, 4 known" in room.crawl(source)
        assert [(one.path, one.status) for one in site.log[asked:]] == [("/feed", 304)]  # asked once, got nothing
        assert room.rows == first
        site.pages["/feed"] = ("application/rss+xml", rss(site.url, [episode(n) for n in (5, 4, 3, 2)]))
        asked = len(site.log)
        assert "2 new, 2 known" in room.crawl(source)
    assert sorted(one.path for one in site.log[asked:]) == ["/f/4.mp3", "/f/5.mp3", "/feed"]
    assert len(room.rows) == 6  # what the feed no longer lists stays
    assert [row for row in room.rows if row in first] == first
    row = next(row for row in room.rows if row["title"] == "Episode 5")
    assert row["published"] == "2023-01-02T10:00:00Z" and row["uploader"] == "Host"
    assert row["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert row["page"] == f"{site.url}/show/g5" and row["source"] == f"feed/Episode_5.{row['id']}.mp3"


def test_what_failed_is_tried_again_though_the_feed_is_the_same(room):
    site = Site({"0.mp3": sound("0", 9_000), "1.mp3": sound("1", 9_000)}, {"1.mp3": ["503", "503"]})
    with serve(site):
        site.pages["/feed"] = ("application/rss+xml", rss(site.url, [episode(0), episode(1)]))
        room.crawl([{"feed": f"{site.url}/feed"}], retries=1)
        assert [row["reason"] for row in room.rejects] == ["http_503"]
        room.crawl([{"feed": f"{site.url}/feed"}], retries=1)
    assert len(room.rows) == 2 and room.rejects == []
    assert site.delivered == {"0.mp3": 1, "1.mp3": 1}


def test_a_new_address_for_an_old_episode_is_not_fetched(room):
    site = Site({"0.mp3": sound("0", 9_000), "token-2.mp3": sound("0, with another advertisement", 9_000)})
    with serve(site):
        for name in ("0.mp3", "token-2.mp3"):
            site.pages["/feed"] = ("application/rss+xml", rss(site.url, [episode(0, name=name)]))
            room.crawl([{"feed": f"{site.url}/feed"}])
    assert len(room.rows) == 1 and site.delivered == {"0.mp3": 1}


def test_filters_and_max_items_take_the_newest(room):
    dates = {n: f"0{n} Jan 2023 10:00:00 GMT" for n in range(1, 7)}
    site = Site({f"{n}.mp3": sound(str(n), 9_000) for n in dates})
    with serve(site):
        entries = [episode(n, date=date, duration="30" if n == 5 else "1:00:00") for n, date in dates.items()]
        site.pages["/feed"] = ("application/rss+xml", rss(site.url, entries))
        source = [{"feed": f"{site.url}/feed"}]
        limits = {"max_items": 2, "before": "2023-01-05", "min_duration_seconds": 60.0}
        told = room.crawl(source, **limits)
        assert sorted(row["title"] for row in room.rows) == ["Episode 3", "Episode 4"]
        assert "2 left out" in told
        room.crawl(source, after="2023-01-04")  # other settings: the feed is read again, the manifest follows them
    assert sorted(row["title"] for row in room.rows) == ["Episode 4", "Episode 5", "Episode 6"]


def test_a_page_is_no_feed(room):
    site = Site()
    with serve(site):
        site.pages["/feed"] = ("text/html", b"<!doctype html><title>Log in</title>")
        told = room.crawl([{"feed": f"{site.url}/feed"}], status=1)
    assert room.rejects[0]["reason"] == "not_a_feed" and "no recording could be had" in told


def test_atom(room):
    site = Site({"one.ogg": sound("1", 9_000)})
    with serve(site):
        atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><rights>all</rights>
        <entry><title>one</title><id>tag:1</id><updated>2024-05-06T07:08:09Z</updated>
        <link rel="enclosure" href="f/one.ogg"/><link rel="license" href="https://l.example/"/></entry>
        <entry><title>a text</title><id>tag:2</id><link href="https://h.example/2"/></entry></feed>"""
        site.pages["/feed"] = ("application/atom+xml", atom)
        room.crawl([{"feed": f"{site.url}/feed"}])
        (row,) = room.rows
        assert row["url"] == f"{site.url}/f/one.ogg" and row["path"].endswith(".ogg")
        assert row["published"] == "2024-05-06T07:08:09Z" and row["licence"] == "https://l.example/"


def test_what_an_enclosure_and_a_duration_may_be():
    ogg, mp3 = {"url": "b", "type": "audio/ogg"}, {"url": "https://h/c.MP3?x=1", "type": None}
    unsaid = {"url": "https://h/get/7", "type": "application/octet-stream"}
    assert choose([{"url": "a.jpg", "type": "image/jpeg"}, unsaid, ogg]) == ogg
    assert choose([unsaid, mp3]) == mp3 and choose([unsaid]) == unsaid
    assert choose([]) is None and choose([{"url": "a.jpg", "type": "image/jpeg"}]) is None
    assert [seconds(told) for told in ("1:02:03", "62:03", "3723")] == [3723.0] * 3
    assert [seconds(told) for told in ("", "nan", "soon", None)] == [None] * 4
