"""A person's own table of texts: CSV with the columns clip,text or recording,start,end,text (text_normalized too)."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline import metadata, tables
from pipeline.errors import ConfigError
from pipeline.texts import Text

KEY = "transcribe.texts"
CLIP = re.compile(r"(r\d{6,})_(\d{7,})_(\d{7,})")
COLUMNS = {"clip": str, "recording": str, "start": float, "end": float, "text": str, "text_normalized": str}


def read(path: Path, recordings: Iterable[dict]) -> list[Text]:
    """The texts of a table; recordings: rows of the index.

    A recording is named by its id, its source, or its file's name with or without suffix. Raises ConfigError, naming
    the line, where a row cannot be understood: a person's work is not passed over. A row whose text is empty says
    nothing: it is still to be filled in.
    """
    known = _names(recordings)
    names = tables.header(path, ["text"])
    if "clip" not in names and not {"recording", "start", "end"} <= set(names):
        raise ConfigError(f"{KEY}: {path}: expected the columns clip,text or recording,start,end,text, found {names}.")
    return list(_texts(path, known))


def _texts(path: Path, known: dict[str, set[str]]) -> Iterator[Text]:
    for number, row in enumerate(tables.rows(path, COLUMNS), 2):
        where = f"{KEY}: {path}, line {number}"
        name, start, end = row.get("recording") or "", row.get("start"), row.get("end")
        if row.get("clip"):
            match = CLIP.fullmatch(Path(row["clip"]).stem)
            if not match:
                raise ConfigError(f"{where}: '{row['clip']}' is no clip's name: expected r000012_0061770_0067280.")
            name, start, end = match[1], int(match[2]) / 1000, int(match[3]) / 1000
        digests = known.get(name, set())
        if len(digests) != 1:
            problem = "no recording is" if not digests else f"{len(digests)} recordings are"
            raise ConfigError(f"{where}: {problem} named '{name}': write its source as clips.csv has it.")
        if start is None or end is None or not 0 <= start < end:
            raise ConfigError(f"{where}: expected 0 <= start < end in seconds, found {start} and {end}.")
        text, normalized = (metadata.line(row.get(key) or "") for key in ("text", "text_normalized"))
        if text:
            yield Text(next(iter(digests)), start, end, text, normalized)


def _names(recordings: Iterable[dict]) -> dict[str, set[str]]:
    """Every name that a recording can go by -> the SHA-256 of those that do."""
    known: dict[str, set[str]] = {}
    for row in recordings:
        source = tables.legible(row["source"])
        for name in {row["id"], source, Path(source).name, Path(source).stem}:
            known.setdefault(name, set()).add(row["sha256"])
    return known
