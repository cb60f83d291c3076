"""The corpus's tables, CSV as pandas reads and writes it: the one way in and out.

Every table is valid UTF-8: a file's name that is not keeps its raw bytes as \\xNN. A text that a spreadsheet would take
for a formula is led by an apostrophe, which is taken off again when it is read.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ManifestError

if TYPE_CHECKING:
    import pandas

FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Columns that are text even where every value happens to look like a number, and those that are numbers whatever else.
TEXT = frozenset(
    "clip path recording source sha256 label speaker url licence page title uploader published fetched_at source_kind "
    "split id stage reason message text text_normalized text_source language voice gender".split()
)


def legible(text: str) -> str:
    """A name as UTF-8 can hold it: bytes that are not UTF-8 become \\xNN, and then a backslash stands doubled."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        raw = os.fsencode(text.replace("\\", "\\\\"))
        return raw.decode("utf-8", "backslashreplace")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; `meant` gives back what it was."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def meant(text: str) -> str:
    """A text as it was before `harmless`."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text


def write(path: Path, columns: Iterable[str], rows: "Iterable[dict] | pandas.DataFrame") -> None:
    """Write a table beside `path`, then rename. Columns that no row has are left empty."""
    import pandas

    columns = list(columns)
    frame = rows if isinstance(rows, pandas.DataFrame) else pandas.DataFrame.from_records(list(rows))
    frame = frame.reindex(columns=columns)
    for name in frame.columns.intersection(list(TEXT)):
        frame[name] = [harmless(legible(text)) if isinstance(text, str) else text for text in frame[name]]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        frame.to_csv(partial, index=False, lineterminator="\n")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path, needed: Iterable[str] = (), only: Iterable[str] | None = None) -> "pandas.DataFrame":
    """A table: text columns as str ("" where empty), the rest as pandas finds them.

    only: the columns to read, those of them that there are. Raises ManifestError where the file, or a column of
    `needed`, is missing, or where it cannot be read.
    """
    import pandas

    if not path.is_file():
        raise ManifestError(f"{path} does not exist: it stands in the folder of a finished corpus; run the pipeline.")
    try:
        header = pandas.read_csv(path, nrows=0, encoding="utf-8-sig").columns.tolist()
        if absent := [name for name in needed if name not in header]:
            raise ManifestError(
                f"{path}: expected the columns {', '.join(needed)}, found no {', '.join(absent)}: is it the right file?"
            )
        wanted = [name for name in header if only is None or name in set(only)]
        texts = {name: str for name in wanted if name in TEXT}
        missing = {name: [""] for name in set(wanted) - set(texts)}
        told = {"usecols": wanted, "dtype": texts, "keep_default_na": False, "na_values": missing}
        frame = pandas.read_csv(path, encoding="utf-8-sig", **told)
    except (UnicodeDecodeError, pandas.errors.ParserError, pandas.errors.EmptyDataError) as error:
        raise ManifestError(f"{path} cannot be read as a CSV table in UTF-8 ({error}): export it again.") from error
    for name in texts:
        frame[name] = [meant(text) for text in frame[name]]
    return frame
