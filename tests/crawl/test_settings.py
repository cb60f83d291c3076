"""What the crawl can be told, and what it says of mistakes."""

import datetime
import subprocess

import pytest
from conftest import ROOT, python

from crawl import settings, sources
from crawl.retry import backoff, retry_after
from pipeline.errors import ConfigError

LISTING = {"url": "https://h/", "item": "li"}


def test_every_kind_of_source():
    given = [
        {"links": ["https://h/a"]},
        {"feed": "https://h/f"},
        {"listing": LISTING},
        {"http": "l.txt"},
        {"folder": "x"},
    ]
    checked = settings.check({"sources": given, "crawl": {"after": "2024-01-31", "max_items": 3}})
    assert tuple(sources.kind_of(source)[0] for source in checked.sources) == sources.KINDS
    assert checked.crawl.after == datetime.date(2024, 1, 31)
    assert settings.check(checked.model_dump()) == checked
    assert settings.check(checked.model_dump(mode="json")) == checked


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sources": [{"podcast": "x"}]}, "'sources.0' expected an entry with one key out of links, feed"),
        ({"sources": [{"feed": 5}]}, "'sources.0.feed' expected a valid string, found 5"),
        ({"sources": [{"feed": "x", "http": "y"}]}, "'sources.0' expected an entry with one key"),
        ({"sources": [], "crawl": {"max_item": 1}}, "unknown key 'crawl.max_item', known here: allow_private"),
        ({"sources": [{"listing": LISTING | {"itme": "x"}}]}, "unknown key 'sources.0.listing.itme', known here: url"),
        ({"sources": [], "crawl": {"max_items": 0}}, "'crawl.max_items' expected greater than 0"),
        (
            {"sources": [{"listing": LISTING | {"pages": "3-1"}}]},
            "pages expected a number, a range",
        ),
        ({"sources": [{"listing": {"url": "https://h/"}}]}, "sources.0.listing.item"),
        ({"sources": [], "crawl": {"after": "2024-02-01", "before": "2024-01-01"}}, "nothing would fit"),
        ({"sources": [], "crawl": {"user_agent": "a\r\nb"}}, "crawl.user_agent"),
    ],
)
def test_mistakes_are_named(given, told):
    with pytest.raises(ConfigError) as error:
        settings.check(given)
    assert told in str(error.value)


def test_pages():
    ranges = {3: (1, 3), "3": (1, 3), "2-5": (2, 5), "all": (1, float("inf"))}
    for pages, wanted in ranges.items():
        assert sources.Listing(**LISTING, pages=pages).page_range == wanted


def test_waits():
    assert all(0.1 < backoff(1) <= 0.5 and 1 <= backoff(4) <= 4 and backoff(30) <= 60 for _ in range(100))
    now = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    assert retry_after("7") == 7 and retry_after("Mon, 01 Jan 2024 00:00:09 GMT", now) == 9
    assert retry_after("soon") is None and retry_after(None) is None


def test_the_command_line(tmp_path):
    def run(*flags: str) -> subprocess.CompletedProcess:
        command = [python(), "-m", "crawl", "--downloads", tmp_path / "d", "--out", tmp_path / "o", *flags]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    said = run("--help").stdout
    assert all(f"--{kind}" in said for kind in sources.KINDS) and "--allow-private-hosts" in said
    mistakes = {
        (): "no sources",
        ("--item", "li"): "add --listing URL",
        ("--settings", "none.json"): "--settings none.json cannot be read",
        ("--folder", "none"): "'none' does not exist",
        ("--links", "none.txt"): "'none.txt' cannot be read",
    }
    for flags, told in mistakes.items():
        done = run(*flags)
        assert done.returncode == 1 and told in done.stderr and "Traceback" not in done.stderr, done.stderr
