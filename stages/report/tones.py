"""The tones of the corpus: how much there is of each, the surest and the least sure to hear, a map of the clips.

The map is the plane of engines/tone/plane.py; a clip of the corpus is a point, in the colour of its tone.
"""

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from pipeline import manifest
from pipeline.rows import Toned
from stages.report import players, svg, words
from stages.report.reading import Smallest, draw

NONE = "not sure"
HEARD = 2  # players of the surest clips of a tone, and as many of the least sure
SHOWN = 8  # tones with colours and players, those with most time; the rest are told in the table
POINTS = 2000  # of the map; of more clips so many are drawn by a digest of their ids
WIDTH, HEIGHT, EDGE = 720, 320, 3.0  # EDGE: standard deviations shown to each side


class Tones:
    """Collects what the section tells from the rows of clips.csv; nothing where it has no column `tone`."""

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self.clips: dict[str, int] = {}
        self._sure: dict[str, Smallest] = {}
        self._unsure: dict[str, Smallest] = {}
        self._drawn = Smallest(POINTS, lambda row: draw(row["clip"]))

    def add(self, row: dict) -> None:
        if "tone" not in row:
            return
        tone, sure = row["tone"] or NONE, row.get("tone_confidence")
        self.seconds[tone] = self.seconds.get(tone, 0.0) + row["end"] - row["start"]
        self.clips[tone] = self.clips.get(tone, 0) + 1
        self._drawn.add(row)
        if row["tone"] and sure is not None:
            if tone not in self._sure:
                self._sure[tone] = Smallest(HEARD, lambda row: -row["tone_confidence"])
                self._unsure[tone] = Smallest(HEARD, lambda row: row["tone_confidence"])
            self._sure[tone].add(row)
            self._unsure[tone].add(row)

    @property
    def names(self) -> list[str]:
        """The tones, those with most time first, what is not sure last."""
        told = sorted(set(self.seconds) - {NONE}, key=lambda tone: (-self.seconds[tone], tone))
        return told + ([NONE] if NONE in self.seconds else [])

    def kind(self, tone: str) -> str:
        """The class of a tone's colour."""
        at = self.names.index(tone)
        return "tone-none" if tone == NONE or at >= SHOWN else f"tone-{at}"

    def rows(self) -> Iterator[tuple[str, dict]]:
        """(why, row) of the clips to hear, each once."""
        heard = set()
        for tone in [tone for tone in self.names if tone in self._sure][:SHOWN]:
            for why, of in (("surest", self._sure), ("least sure", self._unsure)):
                for row in of[tone].rows:
                    if row["clip"] not in heard:
                        heard.add(row["clip"])
                        yield f"{tone}, {why}", row

    def drawn(self) -> list[dict]:
        return self._drawn.rows


def table(tones: Tones) -> list[dict]:
    """A line for every tone: name, class of its colour, clips, time and share of the corpus."""
    whole = sum(tones.seconds.values())
    return [
        {
            "name": name,
            "kind": tones.kind(name),
            "clips": f"{tones.clips[name]:,}",
            "seconds": words.span(tones.seconds[name]),
            "share": words.share(tones.seconds[name], whole),
        }
        for name in tones.names
    ]


def heard(tones: Tones, corpus: Path) -> Iterator[dict]:
    """The surest and the least sure clips of every tone."""
    for why, row in tones.rows():
        if player := players.player(players.clip_piece(row, corpus), f"clip {row['clip']}, {why}"):
            facts = f"{why}: confidence {words.number(row['tone_confidence'])}, {players.facts(row)}"
            yield {"clip": row["clip"], "place": players.place(row), "facts": facts, "player": player}


def chart(tones: Tones, work: Path) -> Markup | None:
    """The map; None where the work folder has no places."""
    path = work / "tone" / manifest.MANIFEST
    clips = {row["clip"]: row for row in tones.drawn()}
    if not clips or not path.is_file():
        return None
    points = []
    for fact in manifest.stream(path, Toned):
        if fact["place"] and (row := clips.get(fact["id"])):
            x, y = (min(max(value / EDGE, -1), 1) for value in fact["place"])
            tone = row["tone"] or NONE
            title = f"{row['clip']}: {tone}"
            points.append(svg.circle(tones.kind(tone), (1 + x) * WIDTH / 2, (1 - y) * HEIGHT / 2, 4, title))
    said = f"Map of {len(points)} clips by how they are spoken"
    return svg.picture(WIDTH, HEIGHT, said, svg.join(points), "map") if points else None
