"""Texts that a person wrote: kept by recording and time, so that they survive a changed slicing.

A person may edit metadata.csv, or a layout's copy of it, or name a table of texts. Before metadata.csv is written
again, every such text is read with the recording and times it belongs to. It goes to the clip of the new corpus that
covers the same time, else into orphaned_texts.csv, from which it returns when a clip matches it again. Nothing is
dropped.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from pipeline import metadata, tables
from pipeline.errors import ConfigError, ManifestError

ORPHANS = "orphaned_texts.csv"
SAME_PLACE = 0.9  # least intersection over union of two spans that count as the same
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


def of_clips(corpus: Path) -> dict[str, tuple[str, str]]:
    """clip -> (text, normalized text) of the clips of a finished corpus that have one, for layouts and report.

    The one place that knows where a clip's text comes from.
    """
    texts = metadata.read(corpus / metadata.METADATA)
    return {clip: version for clip, version in texts.items() if version != metadata.NOTHING}


def gather(corpus: Path) -> list[Text]:
    """Every text of a person in a corpus folder, each once: those that have no clip, those of metadata.csv and copies.

    Where a person wrote into a copy, that text replaces the one in metadata.csv; where the latter was changed as well,
    both are returned, the copy's last.
    """
    texts = []
    if (corpus / ORPHANS).is_file():
        rows = tables.read(corpus / ORPHANS, COLUMNS)
        texts += [Text(*row) for row in rows[list(COLUMNS)].itertuples(index=False)]
    own = corpus / metadata.METADATA
    written = {clip: [(own, version)] for clip, version in metadata.by_person(own).items()}
    for copy in metadata.copies(corpus):
        before = metadata.read(copy.with_name(metadata.WRITTEN))
        for clip, (text, normalized) in metadata.by_person(copy).items():
            known = written.get(clip, [])
            earlier = [(path, version) for path, version in known if version[0] != before.get(clip, ("",))[0]]
            normalized = normalized or next((version[1] for _, version in known if version[1]), "")
            written[clip] = [*earlier, (copy, (text, normalized))]
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
        f"{corpus / metadata.METADATA} holds texts, but clips.csv, which says where they belong, is gone: bring it "
        "back, or put metadata.csv elsewhere, so that no text is lost."
    )


def carry(texts: Iterable[Text], clips: Iterable[dict]) -> tuple[dict[str, Text], list[Text]]:
    """The text of every clip that has one, by id, and the texts left over.

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


def write(corpus: Path, clips: Iterable[tuple], carried: dict[str, Text], left: list[Text]) -> None:
    """Write orphaned_texts.csv (none where it would be empty), then metadata.csv; clips: as of `metadata.write`."""
    if left:
        rows = [dict(zip(COLUMNS, astuple(text), strict=True)) for text in left]
        tables.write(corpus / ORPHANS, COLUMNS, rows)
    persons = {clip: (text.text, text.text_normalized) for clip, text in carried.items()}
    metadata.write(corpus, clips, persons)
    if not left:
        (corpus / ORPHANS).unlink(missing_ok=True)
