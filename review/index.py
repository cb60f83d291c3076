"""Questions to the index: queues of clips by the page, clips by id and by place. Every answer is of bounded size."""

import re
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

from pipeline.decision import OF_CLIPS, OF_CUTS, Decision
from pipeline.texts import SAME_PLACE
from review import build, reading

PAGE = 20
CLIP = re.compile(r"(r\d{6,})_(\d{7,})_(\d{7,})")
COLUMNS = (
    "clips.n, recordings.id, recordings.sha256, recordings.source, recordings.folder, start, stop, v, queue, "
    "speaker, similarity, score, reason, clips.first, clips.last, gain"
)
QUEUES = {
    "uncertain": reading.UNCERTAIN,
    "beside": reading.KEPT,
    "lowest": reading.KEPT,
    "sample": reading.KEPT,
    "dropped": reading.DROPPED,
}
ORDERS = {
    "uncertain": "rank",
    "beside": "gain",
    "lowest": "rank",
    "sample": "draw",
    "dropped": "rank",
}  # each with its index


class Index:
    """The clips of a work folder. `done` holds the clips that people decided on."""

    def __init__(self, work: Path):
        self._base = sqlite3.connect(f"file:{build.ready(work)}?mode=ro", uri=True, check_same_thread=False)
        self._base.execute("pragma temp_store = memory")
        self._base.execute("create temp table done (n integer, kind text, id text, primary key (n, kind, id))")
        self._lock = threading.Lock()
        self.tones = {tone for (tone,) in self._ask("select distinct tone from tones")}

    def _ask(self, query: str, *values) -> list[tuple]:
        with self._lock:
            return self._base.execute(query, values).fetchall()

    def _clips(self, where: str, *values) -> list[dict]:
        query = f"select {COLUMNS} from recordings cross join clips on n between low and high {where}"
        return [_clip(row) for row in self._ask(query, *values)]

    def _page(self, where: str, *values) -> list[dict]:
        """PAGE clips chosen from all, in their order. where: begins with the index that has them so."""
        inner = f"select * from clips indexed by {where} limit {PAGE} offset ?"
        query = f"select {COLUMNS} from ({inner}) as clips cross join recordings using (r)"
        return [_clip(row) for row in self._ask(query, *values)]

    def clip(self, name: str) -> dict | None:
        """A clip by its id."""
        if not (parts := CLIP.fullmatch(name)):
            return None
        recording, start, stop = parts[1], int(parts[2]), int(parts[3])
        found = self._clips("where recordings.id = ? and start = ? and stop = ?", recording, start, stop)
        return found[0] if found else None

    def at(self, sha256: str, start: float, end: float) -> dict | None:
        """The clip at a place of a recording, or nearly there."""
        slack = round((1 / SAME_PLACE - 1) * (end - start) * 1000) + 1
        near = self._clips(
            "where recordings.sha256 = ? and start between ? and ?",
            sha256,
            round(start * 1000) - slack,
            round(start * 1000) + slack,
        )
        for clip in near:
            shared = min(end, clip["end"]) - max(start, clip["start"])
            if shared >= SAME_PLACE * (max(end, clip["end"]) - min(start, clip["start"])):
                return clip
        return None

    def neighbours(self, clip: dict) -> list[dict]:
        """The clips before and after one in its recording, where there are any."""
        here = "where recordings.id = ? and start"
        before = self._clips(f"{here} < ? order by start desc limit 1", clip["recording"], round(clip["start"] * 1000))
        after = self._clips(f"{here} > ? order by start limit 1", clip["recording"], round(clip["start"] * 1000))
        return [*before, *after]

    def queue(self, name: str, skip: int = 0) -> list[dict]:
        """PAGE clips of a queue that nobody has decided on, the first first."""
        asked = "('retime', 'keep', 'drop')" if name == "beside" else "('keep', 'drop', 'speaker')"
        told = f"exists (select 1 from done where done.n = clips.n and kind in {asked})"
        told += " and gain < 0" if name == "beside" else ""
        chosen = f"by_{ORDERS[name]} where queue = {QUEUES[name]} and queue > 0 and not decided and not {told}"
        return self._page(f"{chosen} order by {ORDERS[name]}, n", skip)

    def of_voice(self, voice: int, skip: int = 0) -> list[dict]:
        """PAGE clips of a voice."""
        return self._page("by_voice where v = ? order by rank, n", voice, skip)

    def places(self, voice: int) -> dict[str, list[tuple[float, float]]]:
        """The places of all clips of a voice, by the SHA-256 of their recording."""
        found: dict[str, list[tuple[float, float]]] = {}
        query = "select sha256, start, stop from clips join recordings using (r) where v = ? order by n"
        for sha256, start, stop in self._ask(query, voice):
            found.setdefault(sha256, []).append((start / 1000, stop / 1000))
        return found

    def told_share(self, voice: int) -> float:
        """The share of a voice's seconds that the last run gave to whom a person said."""
        found = self._ask("select told / seconds from voices where v = ?", voice)
        return found[0][0] if found else 0.0

    def inside(self, places: dict[str, list[tuple[float, float]]]) -> dict[int, float]:
        """voice -> seconds of its clips that begin in the places."""
        seconds: dict[int, float] = {}
        for sha256, spans in places.items():
            for start, end in spans:
                query = (
                    "select v, sum(stop - start) from recordings cross join clips on n between low and high "
                    "where sha256 = ? and start >= ? and start < ? group by v"
                )
                for v, length in self._ask(query, sha256, round(start * 1000), round(end * 1000)):
                    seconds[v] = seconds.get(v, 0.0) + length / 1000
        return seconds

    def seconds(self, voice: int) -> float:
        """All seconds of a voice."""
        found = self._ask("select seconds from voices where v = ?", voice)
        return found[0][0] if found else 0.0

    def tone(self, clip: str) -> str:
        """The tone that the last run gave a clip, "" for none."""
        found = self._ask("select tone from tones where id = ?", clip)
        return found[0][0] if found else ""

    def counts(self) -> dict[str, int]:
        """How many clips a queue has, and how many of them nobody has decided on."""
        whole = dict(self._ask("select queue, clips from queues"))
        query = (
            "select queue, count(distinct n) from done join clips using (n) "
            "where kind in ('keep', 'drop', 'speaker') and not decided group by queue"
        )
        done = dict(self._ask(query))
        left = {name: whole.get(number, 0) - done.get(number, 0) for name, number in QUEUES.items()}
        return left | {"beside": whole.get(build.GAINING, 0)}

    def note(self, decisions: Iterable[Decision], holds: bool = True) -> None:
        """Take note of decisions about clips, or of their having been undone."""
        for decision in decisions:
            if decision.kind in (*OF_CLIPS, *OF_CUTS) and (clip := self.at(*decision.place)):
                values = (clip["n"], decision.kind, decision.id)
                if holds:
                    self._ask("insert or ignore into done values (?, ?, ?)", *values)
                else:
                    self._ask("delete from done where n = ? and kind = ? and id = ?", *values)


def _clip(row: tuple) -> dict:
    n, recording, sha256, source, folder, start, stop, v, queue, speaker, similarity, score, reason, *more = row
    first, last, gain = more
    name = f"{recording}_{start:07d}_{stop:07d}"
    return {
        "n": n,
        "id": name,
        "recording": recording,
        "sha256": sha256,
        "source": source,
        "path": f"{folder}/{name}.wav",
        "start": start / 1000,
        "end": stop / 1000,
        "voice": f"v{v:04d}",
        "queue": queue,
        "speaker": speaker,
        "similarity": similarity,
        "score": score,
        "reason": reason,
        "wider": [first, last] if gain else [start / 1000, stop / 1000],
        "gain": round(-(gain or 0.0), 2),
    }
