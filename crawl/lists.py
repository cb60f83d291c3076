"""Lists of addresses as people write them."""

import codecs
import re
from pathlib import Path

from pipeline.errors import ConfigError

MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_list(source: str | list[str], kind: str) -> list[str]:
    """The entries of a list: given as it is, as one address, or as a text file.

    In a file, lines and commas separate (a comma inside an address does not), `#` begins a comment at the start of
    a line or after a space. Each entry once, in order. Raises ConfigError where the file cannot be read.
    """
    if isinstance(source, list):
        entries = source
    elif source.lower().startswith(("http://", "https://")):
        entries = [source]
    else:
        try:
            data = Path(source).read_bytes()
        except OSError as error:
            raise ConfigError(
                f"{kind}: the list '{source}' cannot be read: {error.strerror}; correct the path."
            ) from None
        text = data.decode(MARKS.get(data[:2], "utf-8-sig"), "replace")
        entries = [entry for line in text.splitlines() for entry in split_line(line)]
    return list(dict.fromkeys(entry.strip() for entry in entries if entry.strip()))


def split_line(line: str) -> list[str]:
    """The entries of one line of a list."""
    line = re.sub(r"(^|\s)#.*", "", line)
    return re.split(r",(?=\s|$|https?://)", line)
