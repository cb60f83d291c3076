"""One table of labelled clips out of folders and CSV files: path, tone, speaker, set. What has no label is listed."""

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline import manifest
from pipeline.digest import sha256
from pipeline.errors import ConfigError
from training.tone import readers

NEEDED = ("path", "tone", "speaker")
# Ours, and what the columns of a CSV may be called; the last that is there is taken.
COLUMNS = {"path": ["path"], "tone": ["emotion", "tone"], "speaker": ["speaker"], "set": ["set", "dataset"]}


@dataclass(frozen=True)
class Example:
    """A labelled clip. `set`: where it comes from. A speaker's name stands for one person in all sets."""

    path: Path
    tone: str
    speaker: str
    set: str


@dataclass(frozen=True)
class Found:
    """Labelled clips, and {path: why} of those left out."""

    examples: list[Example]
    left_out: dict[Path, str]


def gather(places: Iterable[Path]) -> Found:
    """The clips of folders (by their names) and CSV files (by their columns). Equal files count once.

    Raises ConfigError where a place holds no labelled clip at all.
    """
    examples, left_out, seen = [], {}, {}
    for place in places:
        own, out = from_csv(place) if place.suffix.lower() == ".csv" else from_folder(place)
        if not own:
            raise ConfigError(
                f"tone: {place} holds no clip with a label ({len(out)} files of audio without one): expected files "
                "named as in RAVDESS, SAVEE, EmoDB or TESS, or a CSV with path, tone, speaker."
            )
        left_out |= out
        for example in own:
            first = seen.setdefault(sha256(example.path), example)
            if first is example:
                examples.append(example)
            elif first.tone != example.tone:
                left_out[example.path] = f"ambiguous: the same sound is {first.tone} as {first.path}"
            else:
                left_out[example.path] = f"the same sound as {first.path}"
    return Found(examples, left_out)


def from_folder(folder: Path) -> tuple[list[Example], dict[Path, str]]:
    """The clips below a folder, by their names."""
    if not folder.is_dir():
        raise ConfigError(f"tone: {folder} is no folder: name the folder of a set, or a CSV with path, tone, speaker.")
    examples, left_out = [], {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in readers.AUDIO and path.is_file()):
        label = readers.read(path)
        if isinstance(label, str):
            left_out[path] = label
        else:
            examples.append(Example(path, label.tone, label.speaker, label.set))
    return examples, left_out


def from_csv(table: Path) -> tuple[list[Example], dict[Path, str]]:
    """The clips of a CSV; paths are relative to its folder. Raises ConfigError for its faults."""
    try:
        with open(table, encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            names = reader.fieldnames or []
            columns = {ours: name for ours, others in COLUMNS.items() for name in others if name in names}
            if missing := set(NEEDED) - set(columns):
                raise ConfigError(
                    f"tone: {table} has no column {', '.join(sorted(missing))}: expected {', '.join(NEEDED)}."
                )
            rows = []
            for line in reader:
                row = {ours: line[name] for ours, name in columns.items()}
                if not all(row.get(name) for name in NEEDED):
                    raise ConfigError(
                        f"tone: {table}, line {reader.line_num}: expected {', '.join(NEEDED)}, found a gap."
                    )
                rows.append(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"tone: {table} cannot be read ({error}): expected a CSV in UTF-8.") from None
    examples, left_out = [], {}
    for row in rows:
        path = table.parent / row["path"]
        if path.is_file():
            examples.append(Example(path, row["tone"].strip().lower(), row["speaker"], row.get("set") or table.stem))
        else:
            left_out[path] = "listed, but not there"
    return examples, left_out


def write(path: Path, found: Found) -> None:
    """Write the table, and what was left out to NAME.left_out.csv beside it."""
    base = path.parent.resolve()

    def text(rows: Iterable[Iterable[object]]) -> str:
        import io

        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows(rows)
        return lines.getvalue()

    def place(clip: Path) -> str:
        clip = clip.resolve()
        return str(clip.relative_to(base)) if clip.is_relative_to(base) else str(clip)

    rows = [(place(each.path), each.tone, each.speaker, each.set) for each in found.examples]
    path.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(path, text([tuple(COLUMNS), *rows]))
    left = [(place(clip), why) for clip, why in found.left_out.items()]
    manifest.write_text(path.with_suffix(".left_out.csv"), text([("path", "why"), *left]))


def only(examples: list[Example], tones: list[str]) -> list[Example]:
    """The examples of some tones (all where none is named). Raises ConfigError where one has no clip or all are one."""
    there = Counter(example.tone for example in examples)
    tones = tones or sorted(there)
    if missing := [tone for tone in tones if tone not in there]:
        raise ConfigError(f"tone: no clip is {' or '.join(missing)}: expected some of {', '.join(sorted(there))}.")
    if len(tones) < 2:
        raise ConfigError(f"tone: only one tone ({', '.join(tones)}): expected two or more to tell apart.")
    return [example for example in examples if example.tone in tones]
