"""The crawl's settings: `sources:` and the `crawl:` section of config.yaml, checked.

What each key of `crawl:` is for stands in config.yaml and in docs/crawl.md.
"""

import json
import re
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt, ValidationError, model_validator

from crawl.sources import FeedAddress, Listing, Section, Source, Text
from pipeline.errors import ConfigError

Positive = Annotated[float, Field(gt=0)]
Day = Annotated[date, Field(strict=False)]  # YAML gives a date, JSON a string


class Captions(Section):
    """Texts that come with a recording, put beside it."""

    languages: list[Text] = []  # as en or pt-BR; none for no captions
    automatic: bool = False  # also those that a site has made by machine

    def wants(self, language: str | None) -> bool:
        """Whether captions of this language are asked for, `ko` standing for `ko-KR` too; None: of no stated one."""
        code = (language or "").lower()
        return any(not code or code == tag.lower() or code.startswith(tag.lower() + "-") for tag in self.languages)


class Crawl(Section):
    """One set of limits and manners for every source."""

    allow_private_hosts: bool = False
    """true lets sources be on this machine or the local network"""

    max_items: PositiveInt | None = None
    """newest recordings of each source; null for all"""

    after: Day | None = None
    """only what was published from this day on, as 2024-01-31"""

    before: Day | None = None
    """only what was published before this day"""

    min_duration_seconds: Positive | None = None
    """shorter ones are left out, where a source tells the duration"""

    max_duration_seconds: Positive | None = None
    """longer ones likewise"""

    user_agent: Annotated[str, Field(pattern=r"^[!-~][ -~]*$")] = "voxsieve/0.1 (builds a speech corpus)"
    """say who asks; add how to reach you"""

    respect_robots: bool = True
    """keep to robots.txt"""

    parallel: Annotated[int, Field(ge=1, le=32)] = 4
    """downloads at once"""

    per_host: Annotated[int, Field(ge=1, le=16)] = 2
    """of which from one host"""

    delay_seconds: Annotated[float, Field(ge=0)] = 0.5
    """between two requests to one host; its robots.txt may ask for more"""

    bytes_per_second: PositiveInt | None = None
    """limit of each download, to leave room for others"""

    min_bytes_per_second: PositiveInt | None = None
    """slower than this over timeout_seconds, a download is begun anew: for hosts that stall"""

    timeout_seconds: Positive = 30.0
    """without a byte"""

    retries: Annotated[int, Field(ge=0, le=20)] = 5
    """after a failure that may pass"""

    max_fetch_seconds: Positive = 7200.0
    """for one download, and for finding the pages of one listing"""

    max_bytes: PositiveInt = 4_000_000_000
    """of one download"""

    max_redirects: Annotated[int, Field(ge=0, le=20)] = 8
    """from address to address, for one recording"""

    cookies: Text | None = None
    """cookies.txt for sites that show more when logged in; it is only read"""

    format: Text = "bestaudio/best"
    """of links, in yt-dlp's words; worstaudio saves room, best[ext=mp4] keeps the film"""

    audio_language: Text | None = None
    """of links with several tracks, as ko; null for what the site thinks is the original"""

    captions: Captions = Captions()
    """Captions that a source offers, put beside the recording (c….ko.vtt): languages [ko, en] for these, [] for none;
    automatic also takes those that a site has made by machine, which are wrong more often."""

    @model_validator(mode="after")
    def _bounds(self):
        if self.after and self.before and self.after > self.before:
            raise ValueError(f"after ({self.after}) is later than before ({self.before}): nothing would fit")
        if (self.min_duration_seconds or 0) > (self.max_duration_seconds or float("inf")):
            raise ValueError("min_duration_seconds is greater than max_duration_seconds: nothing would fit")
        if (self.min_bytes_per_second or 0) > (self.bytes_per_second or float("inf")):
            raise ValueError("min_bytes_per_second is greater than bytes_per_second: every download would be too slow")
        return self

    def wants(self, published: str | None, duration: float | None) -> bool:
        """False where the day (ISO) or the duration (seconds) as stated lies outside; what is not stated fits."""
        day = date.fromisoformat(published[:10]) if published else None
        if day and not (self.after or day) <= day <= (self.before or day):
            return False
        least, most = self.min_duration_seconds or 0, self.max_duration_seconds or float("inf")
        return duration is None or least <= duration <= most


class Settings(Section):
    """What `--settings FILE.json` holds."""

    sources: list[Source]
    crawl: Crawl = Crawl()


def check(values: dict) -> Settings:
    """The checked settings. Raises ConfigError that names every fault at once."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError("crawl: " + "; ".join(map(_sentence, error.errors())) + ".") from None


def load(path: Path) -> Settings:
    """The checked settings of a JSON file. Raises ConfigError where it is missing or does not fit."""
    try:
        return check(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"crawl: --settings {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ConfigError(f"crawl: --settings {path}: expected JSON, found {error}.") from None


def _sentence(fault: dict) -> str:
    place = list(fault["loc"])
    if place[0] == "sources" and len(place) > 2:
        del place[2]  # pydantic names the kind once more
    # And which of several types a value was compared with.
    place = [name for name in place if not re.fullmatch(r"FeedAddress|(list\[)?(constrained-)?str\]?", str(name))]
    key = ".".join(map(str, place))
    if fault["type"] == "extra_forbidden":
        section = {"crawl": Crawl, "listing": Listing, "feed": FeedAddress, "captions": Captions}.get(
            place[-2] if len(place) > 1 else "", Settings
        )
        return f"unknown key '{key}', known here: {', '.join(section.model_fields)}"
    if fault["type"] == "value_error":
        return f"{key}: {fault['ctx']['error']}"
    return f"'{key}' expected {fault['msg'].removeprefix('Input should be ')}, found {fault['input']!r}"
