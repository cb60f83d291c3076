"""The texts of a corpus, those least to be trusted first, for the page."""

import math
import re
import statistics
import unicodedata
from functools import lru_cache
from pathlib import Path

from pipeline import manifest, metadata, texts
from review import reading
from review.index import PAGE, Index

HEARD = "transcribe"  # the stage whose facts have the times of words
JUDGED = Path("proofread", manifest.MANIFEST)  # what was measured of the texts that machines gave
SHARES = ("text_disagrees", "text_cut", "text_uncovered")  # of these, each from 0, nothing against the text, to 1
FARTHEST = 3.0  # quartile distances of a text_rate that counts as much as a share of 1
SHOWN = 2000  # texts in the order of distrust; the others are no matter for a person's hour


def script(character: str) -> str:
    """The first word of a letter's name, which tells its script: LATIN, HANGUL …; "" for what is no letter."""
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""


def usual(lines: list[str]) -> set[str]:
    """The scripts with at least a twentieth of all letters."""
    counts: dict[str, int] = {}
    for line in lines:
        for name in map(script, line):
            if name:
                counts[name] = counts.get(name, 0) + 1
    return {name for name, count in counts.items() if 20 * count >= sum(counts.values())}


def foreign(text: str, scripts: set[str]) -> list[int]:
    """The places of characters that the language does not have: letters of other scripts, digits, signs."""
    return [
        place
        for place, character in enumerate(text)
        if (character.isalpha() and script(character) not in scripts)
        or (not character.isalpha() and not re.match(r"[\s.,;:!?'\"()\-–…’“”«»、。]", character))
    ]


class Texts:
    """The texts of the corpus's clips; read anew where metadata.csv has changed."""

    def __init__(self, work: Path, corpus: Path, index: Index):
        self.work, self.corpus, self.index = work, corpus, index
        self._read_at, self._rows = "", []

    def _ranked(self) -> list[tuple[float, str, str, list[int]]]:
        judged = self.work / JUDGED
        state = f"{metadata.digest(self.corpus / metadata.METADATA)} {judged.is_file() and judged.stat().st_mtime_ns}"
        if state != self._read_at:
            self._read_at, self._rows = state, self._distrusted(texts.of_clips(self.corpus))
        return self._rows

    def _distrusted(self, written: dict[str, tuple[str, str]]) -> list[tuple[float, str, str, list[int]]]:
        judged = {
            row["id"]: doubt(row)
            for row in reading.lines(self.work / JUDGED)
            if row["text"] and row["text_source"] != "person" and written.get(row["id"], ("",))[0] == row["text"]
        }
        scripts = usual([text for text, _ in written.values()])
        paces = {clip: math.log(len(text) / seconds(clip)) for clip, (text, _) in written.items() if text}
        middle = statistics.median(paces.values()) if paces else 0.0
        rows = []
        for clip, (text, _) in written.items():
            strange = foreign(text, scripts)
            distrust = judged.get(clip, abs(paces.get(clip, middle + 9) - middle)) + len(strange) / max(len(text), 1)
            rows.append((-distrust, clip, text, strange))
        return sorted(rows)[:SHOWN]

    def page(self, skip: int) -> dict:
        """PAGE texts, the least trusted first.

        A machine's text by what was measured of it; any other where it reads much faster or slower than the rest.
        """
        rows, shown = self._ranked(), []
        for distrust, name, text, strange in rows[skip : skip + PAGE]:
            if clip := self.index.clip(name):
                shown.append(clip | {"text": text, "foreign": strange, "distrust": round(-distrust, 2), "words": []})
        for clip in shown:
            clip["words"] = timed(self._heard(clip["path"].split("/")[1]).get(clip["id"], []), clip["text"])
        return {"clips": shown, "more": len(rows) > skip + PAGE, "count": len(rows)}

    @lru_cache(maxsize=4)  # noqa: B019, one per process
    def _heard(self, shard: str) -> dict[str, list[dict]]:
        """clip -> what recognisers heard in it, of a shard; nothing where none was asked."""
        path = manifest.of_shard(self.work, HEARD, shard)
        return {fact["id"]: fact["candidates"] for fact in manifest.lines(path)} if path.is_file() else {}

    def of(self, clip: str) -> str:
        """The text of a clip, "" where it has none among those shown."""
        return next((text for _, name, text, _ in self._ranked() if name == clip), "")


def doubt(row: dict) -> float:
    """What speaks against a machine's text, from 0 to 1: the gravest of what was measured."""
    shares = [row[name] for name in SHARES if row[name] is not None]
    if row["text_confidence"] is not None:
        shares.append(1 - row["text_confidence"])
    if row["text_rate"] is not None:
        shares.append(min(row["text_rate"] / FARTHEST, 1.0))
    return max(shares, default=0.0)


def timed(candidates: list[dict], text: str) -> list[list]:
    """[word, start, end] in seconds of the clip, of the candidate whose words are the text's; else none."""
    for candidate in candidates:
        words = candidate.get("words") or []
        if words and candidate.get("text", "").split() == text.split():
            return [[word, start, end] for word, start, end, *_ in words]
    return []


def seconds(clip: str) -> float:
    """The length of a clip, from its id."""
    _, start, end = clip.split("_")[:3]
    return max(int(end) - int(start), 1) / 1000
