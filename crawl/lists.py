"""Lists of addresses as people write them."""

import codecs
import re
from pathlib import Path

from pipeline.errors import ConfigError

MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_list(given: str | list[str], kind: str) -> list[str]:
    """The entries of a list: given as it is, as one address, or as a text file.

    In a file, lines and commas separate (a comma inside an address does not), `#` begins a comment at the start of
    a line or after a space. Each entry once, in order. Raises ConfigError where the file cannot be read.
    """
    if isinstance(given, list):
        entries = given
    elif given.lower().startswith(("http://", "https://")):
        entries = [given]
    else:
        try:
            told = Path(given).read_bytes()
        except OSError as error:
            raise ConfigError(
                f"{kind}: the list '{given}' cannot be read: {error.strerror}; correct the path."
            ) from None
        text = told.decode(MARKS.get(told[:2], "utf-8-sig"), "replace")
        entries = [entry for line in text.splitlines() for entry in split_line(line)]
    return list(dict.fromkeys(entry.strip() for entry in entries if entry.strip()))


def split_line(line: str) -> list[str]:
    """The entries of one line of a list."""
    line = re.sub(r"(^|\s)#.*", "", line)
    return re.split(r",(?=\s|$|https?://)", line)
