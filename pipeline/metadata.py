"""metadata.csv, the clips' texts in LJSpeech's layout, and what of it a person wrote.

Beside each metadata.csv (the corpus's own, and the copy in a layout) stands .metadata.csv with what machines wrote into
it: what differs from that is a person's.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from pipeline import manifest
from pipeline.errors import ConfigError

METADATA = "metadata.csv"
WRITTEN = ".metadata.csv"  # beside it: the texts that machines wrote
Version = tuple[str, str]  # text and normalised text
NOTHING: Version = ("", "")
QUOTED = re.compile(r'"(?:[^"]|"")*+"')


def read(path: Path) -> dict[str, Version]:
    """clip -> (text, normalised text) of every line of a file in LJSpeech's layout; empty where there is no file.

    Raises ConfigError, naming the line, where it cannot be read: a person's work is not guessed at.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not in UTF-8 ({error}): save it in UTF-8, so that no text is lost.") from error
    texts = {}
    for number, entry in enumerate(lines, 1):
        if not entry.strip():
            continue
        clip, *fields = entry.split("|")
        if not fields or len(fields) > 2:
            raise ConfigError(
                f"{path}, line {number}: expected clip|text or clip|text|normalized text, found {len(fields) + 1} "
                "fields: correct the line, so that no text is lost."
            )
        version = (_unquoted(fields[0].strip()), _unquoted(fields[1].strip()) if len(fields) > 1 else "")
        if texts.setdefault(clip.strip(), version) != version:
            raise ConfigError(
                f"{path}, line {number}: '{clip.strip()}' has another text in a line above: keep one of them, so that "
                "none is lost."
            )
    return texts


def _unquoted(text: str) -> str:
    """A text as it was before a spreadsheet put it in quotes, doubling those in it; any other text as it is."""
    quoted = QUOTED.fullmatch(text) and '""' in text[1:-1]
    return text[1:-1].replace('""', '"') if quoted else text


def line(text: str) -> str:
    """A text as it can stand in a line of a metadata.csv: no separator, single spaces."""
    return " ".join(text.replace("|", " ").split())


def by_person(path: Path) -> dict[str, Version]:
    """clip -> (text, normalised text) that a person wrote into a metadata.csv.

    The normalised text is "" where it is the machine's. A text that a person took out is there as NOTHING.
    """
    before = read(path.with_name(WRITTEN))
    written = {}
    for clip, (text, normalized) in read(path).items():
        machine = before.get(clip, NOTHING)
        if (text, normalized) != machine:
            written[clip] = (text, normalized if normalized != machine[1] else "")
    return written


def copies(corpus: Path) -> list[Path]:
    """The copies of metadata.csv in layouts, which a person may have edited as well."""
    return sorted(path.with_name(METADATA) for path in corpus.glob(f"*/{WRITTEN}"))


def digest(path: Path) -> str:
    """A digest of metadata.csv or of a copy, "" where it does not exist; it changes when a person edits it."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def write(corpus: Path, clips: Iterable[tuple[str, Version, str]], persons: dict[str, Version]) -> None:
    """Write metadata.csv with a line for each clip, and .metadata.csv beside it.

    clips: (clip, what machines heard, the normalised form of a person's text, "" where there is none); persons: clip ->
    what a person wrote.
    """
    lines, machine = [], []
    for clip, heard, spelled in clips:
        if clip in persons:
            text, normalized = persons[clip]
            lines.append(f"{clip}|{text}|{normalized or spelled}\n")
            machine.append(f"{clip}|{heard[0] if heard[0] != text else ''}|{'' if normalized else spelled}\n")
        else:
            lines.append(f"{clip}|{heard[0]}|{heard[1]}\n")
            machine.append(lines[-1])
    manifest.write_text(corpus / METADATA, "".join(lines))
    manifest.write_text(corpus / WRITTEN, "".join(machine))
