"""Texts that a person wrote into a corpus: kept by recording and place, so that they outlive a changed slicing.

metadata.csv is for a person to fill in, and so is a layout's copy of it, beside which .metadata.csv keeps the copy as
it was written: what differs is a person's. Before metadata.csv is written again, every text is taken up with the place
it was written for; it goes to the clip of the new corpus that is the same place, else into orphaned_texts.csv, from
which it returns when a clip agrees with it again. Nothing is dropped.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from pipeline import manifest, tables
from pipeline.errors import ConfigError, ManifestError

METADATA, ORPHANS = "metadata.csv", "orphaned_texts.csv"
WRITTEN = ".metadata.csv"  # beside a layout's copy of metadata.csv: the copy before a person wrote into it
SAME_PLACE = 0.9  # least intersection over union of two places that are one
COLUMNS = ("sha256", "start", "end", "text", "text_normalized")
PLACE = {"clip": str, "sha256": str, "start": float, "end": float}  # columns of clips.csv that tell a clip's place


@dataclass(frozen=True)
class Text:
    """What is said from `start` to `end` seconds of the recording whose bytes have this SHA-256."""

    sha256: str
    start: float
    end: float
    text: str
    text_normalized: str


def overlap(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Intersection over union of two spans (start, end), 0 to 1."""
    shared = min(first[1], second[1]) - max(first[0], second[0])
    union = max(first[1], second[1]) - min(first[0], second[0])
    return max(shared, 0.0) / union if union > 0 else 0.0


def read_metadata(path: Path) -> dict[str, tuple[str, str]]:
    """clip -> (text, normalized text) of a file in LJSpeech's layout, those that are not empty.

    Raises ConfigError, naming the line, where it cannot be read: a person's work is not guessed at.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not in UTF-8 ({error}): save it in UTF-8, so that no text is lost.") from error
    texts = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        clip, *fields = line.split("|")
        if not fields or len(fields) > 2:
            raise ConfigError(
                f"{path}, line {number}: expected clip|text or clip|text|normalized text, found {len(fields) + 1} "
                "fields: correct the line, so that no text is lost."
            )
        if any(text.strip() for text in fields):
            texts[clip.strip()] = (fields[0].strip(), fields[1].strip() if len(fields) > 1 else "")
    return texts


def of_clips(corpus: Path) -> dict[str, tuple[str, str]]:
    """clip -> (text, normalized text) of the clips of a finished corpus that have one: what layouts and report tell.

    The one place that knows where a clip's text comes from.
    """
    return read_metadata(corpus / METADATA)


def copies(corpus: Path) -> list[Path]:
    """The copies of metadata.csv in layouts, where a person may have written as well."""
    return sorted(path.with_name(METADATA) for path in corpus.glob(f"*/{WRITTEN}"))


def digest(path: Path) -> str:
    """A digest of metadata.csv or of a copy, "" where it is not there: another one says that a person wrote into it."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def gather(corpus: Path) -> list[Text]:
    """Every text of a corpus folder, each once: those that have no clip, those of metadata.csv and of its copies.

    Where a person wrote into a copy, that text takes the place of the one in metadata.csv; where the latter was changed
    as well, it comes before the copy's.
    """
    texts = []
    if (corpus / ORPHANS).is_file():
        rows = tables.read(corpus / ORPHANS, COLUMNS)
        texts += [Text(*row) for row in rows[list(COLUMNS)].itertuples(index=False)]
    written = {clip: [(corpus / METADATA, version)] for clip, version in read_metadata(corpus / METADATA).items()}
    for copy in copies(corpus):
        before = read_metadata(copy.with_name(WRITTEN))
        for clip, version in read_metadata(copy).items():
            if version != before.get(clip):
                differing = [(path, earlier) for path, earlier in written.get(clip, ()) if earlier != before.get(clip)]
                written[clip] = [*differing, (copy, version)]
    places = _places(corpus, set(written)) if written else {}
    for clip, versions in written.items():
        if clip not in places:
            raise ConfigError(
                f"{versions[-1][0]}: '{clip}' has a text, but clips.csv knows no such clip: restore its name, so that "
                "no text is lost."
            )
        texts += [Text(*places[clip], *version) for _, version in versions]
    return list(dict.fromkeys(texts))


def _places(corpus: Path, wanted: set[str]) -> dict[str, tuple[str, float, float]]:
    """clip -> (SHA-256 of its recording, start, end) of the wanted clips, in the corpus as it was last written."""
    for name in ("clips.csv", "clips.csv.old"):
        if (corpus / name).is_file():
            rows = tables.rows(corpus / name, PLACE, PLACE)
            return {row["clip"]: (row["sha256"], row["start"], row["end"]) for row in rows if row["clip"] in wanted}
    raise ManifestError(
        f"{corpus / METADATA} holds texts, but clips.csv, which tells their places, is gone: bring it back, or put "
        "metadata.csv elsewhere, so that no text is lost."
    )


def carry(texts: Iterable[Text], clips: Iterable[dict]) -> tuple[dict[str, Text], list[Text]]:
    """The text of every clip that is the place of one, by id, and the texts left over.

    clips: rows with id, sha256, start and end. Of several texts for a clip the last counts, the others are left over.
    """
    texts = list(texts)
    at: dict[str, list[tuple[float, float, str]]] = {text.sha256: [] for text in texts}
    for clip in clips:
        if clip["sha256"] in at:
            at[clip["sha256"]].append((clip["start"], clip["end"], clip["id"]))
    for places in at.values():
        places.sort()
    carried, left = {}, []
    for text in texts:
        place = (text.start, text.end)
        near = [(overlap(place, (start, end)), clip) for start, end, clip in _about(at[text.sha256], *place)]
        share, clip = max(near, default=(0.0, ""))
        if share < SAME_PLACE:
            left.append(text)
        else:
            if clip in carried and (carried[clip].text, carried[clip].text_normalized) != (
                text.text,
                text.text_normalized,
            ):
                left.append(carried[clip])
            carried[clip] = text
    return carried, left


def _about(places: list[tuple[float, float, str]], start: float, end: float) -> list[tuple[float, float, str]]:
    """Of the places (start, end, clip) of a recording, in order, those that begin near enough to be the same."""
    slack = (1 / SAME_PLACE - 1) * (end - start) + 1e-6
    return places[bisect_left(places, (start - slack,)) : bisect_right(places, (start + slack, float("inf")))]


def write(corpus: Path, clips: Iterable[str], carried: dict[str, Text], left: list[Text]) -> None:
    """Write orphaned_texts.csv (none where it would be empty), then metadata.csv with a line for each clip."""
    if left:
        rows = [dict(zip(COLUMNS, astuple(text), strict=True)) for text in left]
        tables.write(corpus / ORPHANS, COLUMNS, rows)
    lines = []
    for clip in clips:
        text = carried.get(clip)
        lines.append(f"{clip}|{text.text}|{text.text_normalized}\n" if text else f"{clip}||\n")
    manifest.write_text(corpus / METADATA, "".join(lines))
    if not left:
        (corpus / ORPHANS).unlink(missing_ok=True)
