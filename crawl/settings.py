"""The crawl's settings: `sources:` and the `crawl:` section of config.yaml, checked.

A source is an entry with one key, which names its kind: {"feed": "https://…"}. What each key of `crawl:` is for
stands in config.yaml and in docs/crawl.md.
"""

import json
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PositiveInt, Tag, ValidationError, model_validator

from pipeline.errors import ConfigError

KINDS = ("links", "feed", "listing", "http", "folder")
Positive = Annotated[float, Field(gt=0)]
Day = Annotated[date, Field(strict=False)]  # YAML gives a date, JSON a string
Text = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class Listing(Section):
    """Pages that need a browser; `item`, `link`, `title` and `next` are CSS selectors."""

    url: Text  # may hold {page}, which then counts through `pages`
    item: Text  # one element per recording
    link: Text = "a[href], audio[src], source[src]"  # inside an item, or the item itself
    title: Text | None = None  # inside an item; its text
    next: Text | None = None  # what to click for the next page
    recording: Text | None = None  # where `link` leads to a page: what links to the recording there
    scroll: bool = False  # more items come as one scrolls down
    pages: PositiveInt | str = "all"  # 3: the first three; "2-5": from the second to the fifth; "all": until no next

    @model_validator(mode="after")
    def _bounds(self):
        first, last = self.page_range
        if not 1 <= first <= last:
            raise ValueError(f"pages expected a number, a range such as 2-5, or all; found {self.pages!r}")
        return self

    @property
    def page_range(self) -> tuple[int, float]:
        """(first, last), counted from 1; last is infinite for "all", and (0, 0) stands for nonsense."""
        if self.pages == "all":
            return 1, float("inf")
        if isinstance(self.pages, int) or self.pages.isdecimal():
            return 1, int(self.pages)
        match = re.fullmatch(r"(\d+)-(\d+)", self.pages)
        return (int(match[1]), int(match[2])) if match else (0, 0)


class Links(Section):
    links: Text | list[Text]


class FeedAddress(Section):
    """A feed that asks for a password; `user` and `password` are names of environment variables."""

    url: Text
    user: Text | None = None
    password: Text


class Feed(Section):
    feed: Text | FeedAddress


class ListingSource(Section):
    listing: Listing


class Http(Section):
    http: Text | list[Text]


class Folder(Section):
    folder: Text


def _kind(value: Any) -> str | None:
    keys = list(value) if isinstance(value, dict) else list(getattr(value, "model_fields_set", []))
    return keys[0] if len(keys) == 1 and keys[0] in KINDS else None


Source = Annotated[
    Annotated[Links, Tag("links")]
    | Annotated[Feed, Tag("feed")]
    | Annotated[ListingSource, Tag("listing")]
    | Annotated[Http, Tag("http")]
    | Annotated[Folder, Tag("folder")],
    Discriminator(
        _kind,
        custom_error_type="source_kind",
        custom_error_message=f"an entry with one key out of {', '.join(KINDS)}",
    ),
]


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


def kind_of(source: BaseModel) -> tuple[Literal["links", "feed", "listing", "http", "folder"], Any]:
    """(kind, what it names) of one source."""
    (kind,) = type(source).model_fields
    return kind, getattr(source, kind)


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
