"""What can be wrong with `sources` beyond their types: reported before any job."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawl.sources import Source
from pipeline import inputs
from pipeline.errors import ConfigError


def check(settings: Any) -> None:
    """Raise ConfigError where a source, or the cookies for it, cannot be what the settings say."""
    for source in settings.sources:
        _check_source(source)
    if settings.sources and settings.crawl.cookies and not Path(settings.crawl.cookies).is_file():
        raise ConfigError(f"crawl.cookies: '{settings.crawl.cookies}' does not exist (looked in {Path.cwd()}).")


def _check_source(source: Source) -> None:
    """Refuse a source that cannot work: a folder or list that does not exist, a text that is no address."""
    (kind,) = type(source).model_fields
    value = getattr(source, kind)
    if kind == "folder":
        inputs.find(value)
    elif kind in ("http", "links") and isinstance(value, str):
        if not _is_address(value) and not Path(value).is_file():
            raise ConfigError(f"sources: {kind}: '{value}' is neither a file nor an address (looked in {Path.cwd()}).")
    elif kind in ("http", "links"):
        if not value:
            raise ConfigError(f"sources: {kind}: the list is empty: name at least one address.")
    else:
        address = getattr(value, "url", value)
        if not _is_address(address) and not (address.endswith(".opml") and Path(address).is_file()):
            raise ConfigError(f"sources: {kind}: expected an http or https address, found '{address}'.")


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
