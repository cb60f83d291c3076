"""The corpus's tables, CSV as pandas reads and writes it: the one way in and out.

Every table is valid UTF-8: a file name that is not keeps its raw bytes as \\xNN, and so does a carriage return. A text
that a spreadsheet would take for a formula is written with an apostrophe, which is removed when it is read. `read`
returns a whole table; `rows` and `write` hold CHUNK rows at a time, whatever the size of the table.
"""

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ManifestError

if TYPE_CHECKING:
    import pandas

CHUNK = 5_000  # rows in memory at once where a table is streamed
DTYPES = {str: str, int: "Int64", float: "Float64"}  # pandas' names of what knows of missing values
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Columns that are text even where every value happens to look like a number.
TEXT = frozenset(
    "clip path recording source sha256 label speaker url licence page title uploader published fetched_at source_kind "
    "decided split id stage reason message text text_normalized text_source language voice gender tone".split()
)


def legible(text: str) -> str:
    """A name as a table in UTF-8 can hold it.

    Other bytes, and a carriage return, at which readers break a row, become \\xNN; then a backslash stands doubled.
    """
    try:
        text.encode()
        if "\r" not in text:
            return text
    except UnicodeEncodeError:
        pass
    raw = os.fsencode(text.replace("\\", "\\\\"))
    return raw.decode("utf-8", "backslashreplace").replace("\r", "\\x0d")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; `plain` takes it back."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def plain(text: str) -> str:
    """A text as it was before `harmless`."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text


def write(path: Path, columns: Iterable[str], rows: "Iterable[dict] | pandas.DataFrame") -> None:
    """Write a table beside `path`, then rename. Columns that no row has are left empty, missing values as well."""
    import pandas

    columns = list(columns)
    if isinstance(rows, pandas.DataFrame):
        frames = iter([rows.reindex(columns=columns)])
    else:  # as objects, so that a number is written as it is, whatever else its column holds
        frames = (pandas.DataFrame(list(part), columns=columns, dtype=object) for part in _parts(rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "w", encoding="utf-8", newline="") as out:
            pandas.DataFrame(columns=columns).to_csv(out, index=False, lineterminator="\n")
            for frame in frames:
                for name in TEXT.intersection(columns):
                    frame[name] = [harmless(legible(text)) if isinstance(text, str) else text for text in frame[name]]
                frame.to_csv(out, index=False, header=False, lineterminator="\n")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path, needed: Iterable[str] = (), only: Iterable[str] | None = None) -> "pandas.DataFrame":
    """A table: text columns as str ("" where empty), the rest as pandas finds them.

    only: the columns to read, those of them that there are. Raises ManifestError where the file, or a column of
    `needed`, is missing, or where it cannot be read.
    """
    import pandas

    names = header(path, needed)
    wanted = {name: str if name in TEXT else None for name in names if only is None or name in set(only)}
    with _readable(path):
        frame = pandas.read_csv(path, **_how(wanted, names))
    return _plain(frame)


def rows(path: Path, kinds: dict[str, type], needed: Iterable[str] = ()) -> Iterator[dict]:
    """The rows of a table, streamed: a missing number is None, a missing text "". Errors as of `read`.

    kinds: the columns to read, those of them that there are, and what they hold: str, int or float.
    """
    for frame in chunks(path, kinds, needed):
        yield from records(frame)


def chunks(path: Path, kinds: dict[str, type | None], needed: Iterable[str] = ()) -> Iterator["pandas.DataFrame"]:
    """What `rows` streams, as data frames of CHUNK rows; None among `kinds` is for pandas to find out."""
    import pandas

    names = header(path, needed)
    wanted = {name: kinds[name] for name in names if name in kinds}
    with _readable(path):
        reader = pandas.read_csv(path, chunksize=CHUNK, dtype_backend="numpy_nullable", **_how(wanted, names))
    with reader:
        while True:
            with _readable(path):
                frame = next(reader, None)
            if frame is None:
                return
            yield _plain(frame)


def records(frame: "pandas.DataFrame") -> Iterator[dict]:
    """The rows of a data frame of `chunks`, as Python's own values."""
    names, values = list(frame.columns), []
    for name in names:
        column = frame[name].array
        values.append(column.to_numpy(object, na_value=None).tolist() if column.isna().any() else column.tolist())
    return (dict(zip(names, row, strict=True)) for row in zip(*values, strict=True))


def kinds_of(path: Path, filled: Iterable[str] = ()) -> dict[str, type]:
    """The type of every column, from all of its values: str, int or float, as `rows` takes it.

    Raises ManifestError where a column of `filled` is missing, or empty in some row.
    """
    filled, names = list(filled), header(path, filled)
    kinds: dict[str, type | None] = dict.fromkeys(names)
    for number, frame in enumerate(chunks(path, {name: str if name in TEXT else None for name in names})):
        for name, column in frame.items():
            there = (column.notna() & (column != "")).to_numpy(bool)
            if name in filled and not there.all():
                row = number * CHUNK + int(there.argmin()) + 1
                raise ManifestError(f"{path}, row {row}: '{name}' is empty: export it again.")
            if there.any():
                kind = {"i": int, "f": float}.get(column.dtype.kind, str)
                kinds[name] = max(kinds[name] or int, kind, key=(int, float, str).index)
    return {name: kind or (str if name in TEXT else float) for name, kind in kinds.items()}


def header(path: Path, needed: Iterable[str] = ()) -> list[str]:
    """The names of a table's columns. Raises ManifestError where the file or one of `needed` is missing."""
    import pandas

    if not path.is_file():
        raise ManifestError(f"{path} does not exist: it belongs in the folder of a finished corpus; run the pipeline.")
    with _readable(path):
        names = pandas.read_csv(path, nrows=0, encoding="utf-8-sig").columns.tolist()
    if absent := [name for name in needed if name not in names]:
        raise ManifestError(f"{path}: expected a column '{absent[0]}', found {', '.join(names)}: is it the right file?")
    return names


def _parts(rows: Iterable[dict]) -> Iterator[list[dict]]:
    """Rows, CHUNK at a time."""
    rows = iter(rows)
    return iter(lambda: list(islice(rows, CHUNK)), [])


def _how(kinds: dict[str, type | None], names: list[str]) -> dict:
    """pandas' arguments to read columns as what they hold. names: the table's header."""
    return {
        "usecols": list(kinds) if len(kinds) < len(names) else None,  # None also makes pandas check the lengths of rows
        "dtype": {name: DTYPES[kind] for name, kind in kinds.items() if kind},
        "keep_default_na": False,
        "na_values": {name: [""] for name, kind in kinds.items() if kind is not str},
        "index_col": False,
        "encoding": "utf-8-sig",
    }


def _plain(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    """A data frame with its texts as they were before they were written."""
    for name in TEXT.intersection(frame.columns):
        texts = frame[name].tolist()
        if "'" in "".join(texts):
            frame[name] = [plain(text) for text in texts]
    return frame


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """pandas' complaint about a file, as our own error."""
    from pandas.errors import ParserWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ParserWarning)  # a row with more cells than the header would be cut
            yield
    except (ValueError, ParserWarning) as error:
        problem = " ".join(str(error).split())
        raise ManifestError(f"{path} cannot be read as a CSV table in UTF-8 ({problem}): export it again.") from error
