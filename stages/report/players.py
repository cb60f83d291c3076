"""Which clips are heard, and how: kept ones before and after, borderline ones, rejected ones as they are in the source.

Clips are drawn by a digest of their ids, so that the same corpus gives the same page.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pipeline.tables import legible
from stages.report import reading, sound, spectrograms, words
from stages.report.reading import Smallest, draw
from stages.report.sound import Piece

PAIRS = 4  # kept clips with spectrograms, before and after
KEPT = 6  # further kept clips
BORDERLINE = 4  # of each kind
REASONS, OF_A_REASON = 6, 2  # rejected: of the reasons with most rows
SHORTEST = 0.5  # seconds of a rejected piece that says anything
TOLD = {"similarity": "similarity {}", "dnsmos_ovrl": "DNSMOS {}", "snr_db": "SNR {} dB"}


class Choice:
    """Collects the kept and the borderline clips from the rows of clips.csv."""

    def __init__(self):
        self.drawn = Smallest(PAIRS + KEPT, lambda row: draw(row["clip"]))
        self.least = {
            "least similarity": Smallest(BORDERLINE, lambda row: row.get("similarity")),
            "lowest DNSMOS": Smallest(BORDERLINE, lambda row: row.get("dnsmos_ovrl")),
        }

    def add(self, row: dict) -> None:
        for collector in (self.drawn, *self.least.values()):
            collector.add(row)

    def borderline(self) -> dict[str, tuple[str, dict]]:
        """{clip: (why, row)}, each clip once."""
        clips: dict[str, tuple[str, dict]] = {}
        for why, collector in self.least.items():
            for row in collector.rows:
                clips.setdefault(row["clip"], (why, row))
        return clips


class Rejected:
    """Collects a few pieces of every reason from the rows of rejects.csv."""

    def __init__(self):
        self._count: dict[tuple[str, str], int] = defaultdict(int)
        self._drawn: dict[tuple[str, str], Smallest] = defaultdict(
            lambda: Smallest(OF_A_REASON, lambda row: draw(row["id"]))
        )

    def add(self, row: dict) -> None:
        if row["end"] is not None and row["start"] is not None and row["end"] - row["start"] >= SHORTEST:
            reason = row["stage"], row["reason"]
            self._count[reason] += 1
            self._drawn[reason].add(row)

    @property
    def rows(self) -> list[dict]:
        """The pieces of the most frequent reasons."""
        reasons = sorted(self._count, key=lambda reason: (-self._count[reason], reason))[:REASONS]
        return [row for reason in reasons for row in self._drawn[reason].rows]


class Sources:
    """The recordings by id: where their files are; none where the work folder is gone.

    `absent`: the files that were asked for and are not there.
    """

    def __init__(self, work: Path):
        rows = reading.manifests(work, "index")
        self._of = {row["id"]: (work / row["path"], row["downmix"]) for row in rows}
        self.absent: set[Path] = set()

    def piece(self, row: dict) -> Piece | None:
        """The place in the source recording that a clip or a reject was cut from."""
        if row["recording"] not in self._of:
            return None
        path, downmix = self._of[row["recording"]]
        if not path.is_file():
            self.absent.add(path)
            return None
        how = [name for second, name in downmix if second <= row["start"]][-1]
        return Piece(path, row["start"], seconds(row), how)


def seconds(row: dict) -> float:
    """How much of a piece is heard."""
    return min(row["end"] - row["start"], sound.LONGEST)


def clip_piece(row: dict, corpus: Path) -> Piece | None:
    """The clip's own file, None where it is gone."""
    path = corpus / row["path"]
    return Piece(path, 0.0, seconds(row)) if path.is_file() else None


def player(piece: Piece | None, title: str) -> dict | None:
    """{"title", "address"}, or None where the file cannot be read."""
    heard = piece and sound.address(piece)
    return {"title": title, "address": heard} if heard else None


def place(row: dict) -> str:
    """Where a piece comes from: recording, start and end."""
    return f"{legible(row.get('source', ''))}, {words.clock(row['start'])} to {words.clock(row['end'])}"


def facts(row: dict) -> str:
    """What is known of a kept clip, in words."""
    said = [row["speaker"]] if row.get("speaker") else []
    said += [text.format(words.number(row[key])) for key, text in TOLD.items() if row.get(key) is not None]
    return ", ".join(said)


def pairs(choice: Choice, corpus: Path, sources: Sources) -> Iterator[dict]:
    """The first PAIRS drawn clips with a spectrogram and a player of before and after."""
    for row in choice.drawn.rows[:PAIRS]:
        rate = int(row.get("sample_rate") or sound.RATE)
        sides = []
        for name, piece in (("before", sources.piece(row)), ("after", clip_piece(row, corpus))):
            signal = piece and sound.samples(piece, rate)
            if signal is not None:
                title = f"{row['clip']} {name}"
                picture = {"picture": spectrograms.address(signal), "name": name}
                sides.append(picture | {"player": player(piece, title), "title": title})
        if sides:
            yield {"clip": row["clip"], "place": place(row), "facts": facts(row), "sides": sides, "top": rate / 2000}


def kept(choice: Choice, corpus: Path) -> Iterator[dict]:
    """The further drawn clips."""
    for row in choice.drawn.rows[PAIRS:]:
        if heard := player(clip_piece(row, corpus), f"kept clip {row['clip']}"):
            yield {"clip": row["clip"], "place": place(row), "facts": facts(row), "player": heard}


def borderline(choice: Choice, corpus: Path) -> Iterator[dict]:
    """Kept, but only just."""
    for why, row in choice.borderline().values():
        if heard := player(clip_piece(row, corpus), f"borderline clip {row['clip']}"):
            yield {"clip": row["clip"], "place": place(row), "facts": f"{why}: {facts(row)}", "player": heard}


def rejected(pieces: Rejected, sources: Sources) -> Iterator[dict]:
    """What was left out, as it sounds in the source recording."""
    for row in pieces.rows:
        if heard := player(sources.piece(row), f"rejected piece {row['id']}"):
            why = f"{row['stage']}: {row['reason']}. {row['message']}"
            yield {"clip": row["id"], "place": place(row), "facts": why, "player": heard}
