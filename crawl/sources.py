"""The sources that `sources:` of config.yaml may list.

A source is an entry with one key, which names its kind: {"feed": "https://…"}.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PositiveInt, Tag, model_validator

KINDS = ("links", "feed", "listing", "http", "folder")
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


def kind_of(source: BaseModel) -> tuple[Literal["links", "feed", "listing", "http", "folder"], Any]:
    """(kind, what it names) of one source."""
    (kind,) = type(source).model_fields
    return kind, getattr(source, kind)
