"""The dataset card: README.md of the corpus, with a header as Hugging Face reads it.

It says what a person needs before using the corpus: hours, speakers, texts, splits, sources, licences, how it was made.
Nothing in it depends on when or where it was made. Source of the header's keys and values: the "Dataset Card metadata"
specification of huggingface_hub.
"""

import html
import platform
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from install.pins import PINNED
from stages.formats import layouts
from stages.formats.clips import Clips
from stages.formats.splits import FILE, GAP, NAMES, NONE

SOURCES = 50  # rows of the table of sources, those with most seconds; a corpus may have a hundred thousand
SINGLE = ("split", "speaker", "licence", "text_source")  # columns that are tallied alone
STEPS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)  # the sizes that the header's size_categories knows
STEP_NAMES = ("1K", "10K", "100K", "1M", "10M")


@dataclass
class Tally:
    """Clips, microseconds and recordings of one line of a table."""

    clips: int = 0
    micros: int = 0
    recordings: set[str] = field(default_factory=set)

    def add(self, row: dict) -> None:
        self.clips += 1
        self.micros += round(row["end"] * 1e6) - round(row["start"] * 1e6)
        self.recordings.add(row["recording"])

    @property
    def hours(self) -> str:
        return f"{self.micros / 3.6e9:.3f}"


Tallies = dict[tuple[str, ...], Tally]


def tallies(rows: Iterable[dict]) -> dict[str, Tallies]:
    """Tallies of the whole, and by split, speaker, licence, text_source and source (which has url and licence too)."""
    by: dict[str, Tallies] = {name: defaultdict(Tally) for name in ("whole", *SINGLE, "source")}
    for row in rows:
        by["whole"][()].add(row)
        for name in SINGLE:
            by[name][(row.get(name, ""),)].add(row)
        by["source"][row["source"], row["url"], row["licence"]].add(row)
    return by


def cell(text: str) -> str:
    """A text from outside as one harmless cell of a table."""
    return html.escape(" ".join(text.split()), quote=False).replace("|", "&#124;") or "not stated"


def table(names: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(names)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines])


def tally_table(names: Iterable[str], by_key: Tallies) -> str:
    """A table of tallies: their keys, then recordings, clips and hours."""
    lines = (
        [*map(cell, key), str(len(tally.recordings)), str(tally.clips), tally.hours] for key, tally in by_key.items()
    )
    return table([*names, "recordings", "clips", "hours"], lines)


def sources(by_source: Tallies) -> str:
    """The table of sources, the longest first, and how many it leaves out."""
    ranked = sorted(by_source.items(), key=lambda pair: (-pair[1].micros, pair[0]))
    text = tally_table(("source", "url", "licence"), dict(ranked[:SOURCES]))
    rest = ranked[SOURCES:]
    hours = sum(tally.micros for _, tally in rest) / 3.6e9
    return text + (f"\n\nAnd {len(rest)} more sources, {hours:.3f} hours in all: see clips.csv." if rest else "")


def size_category(clips: int) -> str:
    """The header's word for a number of clips."""
    for i, step in enumerate(STEPS):
        if clips < step:
            return f"{STEP_NAMES[i - 1]}<n<{STEP_NAMES[i]}" if i else f"n<{STEP_NAMES[0]}"
    return f"n>{STEP_NAMES[-1]}"


def header(clips: Clips, formats: list[str], licensed: bool) -> str:
    """The YAML header, with what the layouts add to it."""
    import yaml

    entries: dict[str, object] = {
        "pretty_name": "Speech corpus made by voxsieve",
        "license": "other" if licensed else "unknown",
        "task_categories": ["text-to-speech"],
        "annotations_creators": ["machine-generated"],
        "size_categories": [size_category(sum(clips.splits.values()))],
        "tags": ["audio", "speech", "voxsieve"],
    }
    for name in formats:
        if add := getattr(layouts.known()[name], "card_header", None):
            entries |= add(clips)
    return f"---\n{yaml.safe_dump(entries, sort_keys=False)}---"


def versions() -> list[tuple[str, str]]:
    """voxsieve, Python, and the packages that voxsieve imports, as installed."""
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = [requirement.split("==")[0] for requirement in project["dependencies"]]
    installed = [(package, metadata.version(package)) for package in packages]
    return [("voxsieve", project["version"]), ("Python", platform.python_version()), *installed]


def transcripts(clips: Clips, by: dict[str, Tallies]) -> str:
    """How many clips have texts, and who wrote them."""
    if not clips.texts:
        return "No clip has a text."
    counts = sorted(by["text_source"].items(), key=lambda pair: -pair[1].clips)
    told = ", ".join(f"{tally.clips} from {cell(key[0])}" for key, tally in counts if key[0])
    whole = f"{len(clips.texts)} of {by['whole'][()].clips} clips have a text"
    return f"{whole} (`metadata.csv`: clip, text, normalized text{f'; {told}' if told else ''})."


def splitting(clips: Clips, by_split: Tallies) -> str:
    """How the splits were drawn, and how many clips are in none."""
    shares, apart = clips.shares, by_split.get((NONE,))
    lines = [
        "Each recording is in one split; a recording too long for that is divided into passages. A recording keeps its "
        f"split when others are added (`{FILE}`). Wanted shares of the duration: validation {shares.validation:g}, "
        f"test {shares.test:g}, the rest train; seed {shares.seed}."
    ]
    if apart:
        lines.append(
            f"Clips in no split, because they are within {GAP:g} s of another split's clip in the same recording: "
            f"{apart.clips} ({apart.hours} hours)."
        )
    return " ".join(lines)


def text(clips: Clips, statistics: dict, formats: list[str], settings: dict) -> str:
    """The whole card."""
    import yaml

    by = tallies(clips.rows(*NAMES, NONE))
    whole = by["whole"][()]
    licensed = any(key[0] for key in by["licence"])
    parts = [
        header(clips, formats, licensed),
        "# Speech corpus",
        f"{whole.clips} clips, {whole.hours} hours of {len(by['speaker'])} speakers, from "
        f"{len(whole.recordings)} recordings ({statistics['input']['seconds'] / 3600:.3f} hours were searched). "
        f"{transcripts(clips, by)} Speakers, labels and scores were judged by machine.",
        "For every clip, `clips.csv` says where it is from (source, start and end in seconds) and what was measured. "
        "`rejects.csv` says what was left out, and why. The audio is in `wavs/`: mono, 16 bit.",
        "## Speakers",
        tally_table(("speaker",), dict(sorted(by["speaker"].items()))),
        "## Splits",
        splitting(clips, by["split"]),
        tally_table(("split",), {(name,): by["split"][name,] for name in clips.splits}),
        "## Licences",
        "As stated by the sources. Whether a given use is allowed is for you to judge.",
        tally_table(("licence",), dict(sorted(by["licence"].items()))),
        "## Sources",
        sources(by["source"]),
        "## How it was made",
        "By voxsieve, with these settings:",
        f"```yaml\n{yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)}```",
        table(("software", "version"), versions()),
        table(("weights", "SHA-256"), ((name, f"`{digest}`") for name, digest in PINNED.items())),
    ]
    if formats:
        parts += ["## Formats", "\n".join(f"- {layouts.known()[name].LOADING}" for name in formats)]
    return "\n\n".join(parts) + "\n"
