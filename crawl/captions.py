"""Captions that a source offers for a recording, put beside it as NAME.LANGUAGE.SUFFIX."""

import re

from crawl import document, safety
from crawl.account import log
from crawl.item import Item
from crawl.part import writing
from crawl.store import Store
from crawl.web import Request, Web
from pipeline import manifest
from pipeline.errors import Reject

LIMIT = 20_000_000  # bytes; those of a day of speech are a few million
SUFFIXES = (".vtt", ".srt")
_TIME = r"(\d{1,4}:)?\d{1,2}:\d\d[.,]\d{1,3}"
_CUE = re.compile(rf"^\s{{0,9}}{_TIME}\s{{0,9}}-->\s{{0,9}}{_TIME}", re.M)


def bring(item: Item, name: str, web: Web, store: Store) -> None:
    """Fetch the wanted captions of recording `name` that are missing. A failure here never fails the recording."""
    for url, suffix, language in item.captions:
        place = store.folder / file_name(name, language, suffix)
        if not web.settings.captions.wants(language) or place.exists():
            continue
        try:
            text = _text(url, web)
        except Reject as fault:
            log.warning("crawl: captions of %s: %s: %s", name, safety.printable(url), safety.printable(fault.message))
            continue
        with writing(place):
            manifest.write_text(place, text)


def file_name(name: str, language: str | None, suffix: str) -> str:
    """NAME.ko.vtt, or NAME.vtt where no language is stated."""
    tag = re.sub(r"[^A-Za-z0-9-]", "", language or "")[:20]
    return f"{name}.{tag}{suffix}" if tag else name + suffix


def beside(store: Store) -> dict[str, list[str]]:
    """Id of a recording -> the paths of its captions, relative as in the manifest."""
    there: dict[str, list[str]] = {}
    for path in sorted(store.folder.iterdir()):
        if path.suffix in SUFFIXES:
            there.setdefault(path.name.partition(".")[0], []).append(f"{store.folder.name}/{path.name}")
    return there


def check(body: bytes) -> str:
    """The text of WebVTT or SubRip. Reject `not_captions` where it is something else."""
    text = body.decode("utf-8-sig", "replace")
    if "\0" in text or not _CUE.search(text):
        raise Reject("not_captions", "Expected WebVTT or SubRip with times, the server sent something else.")
    return text


def _text(url: str, web: Web) -> str:
    response = document.read(web, Request(safety.canonical(url)), LIMIT)
    if response.status != 200:
        raise Reject(f"http_{response.status}", f"The server answered {response.status}.")
    return check(response.body)
