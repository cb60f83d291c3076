"""The index of a work folder's clips: a SQLite file, built once and again whenever the stages wrote anew.

It stands in the work folder, as all that can be made again does. Clips are numbered in the order of the data; a
clip's queue is what became of it, and its rank is its place there.
"""

import hashlib
import os
import sqlite3
import zlib
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import orjson

from pipeline import manifest
from pipeline.errors import ManifestError
from review import beside

PLACE = Path("review", "index.sqlite")
VERSION = 4
NOBODYS, UNCERTAIN, KEPT, DROPPED = range(4)  # queues: rejected by voice, unsure of, in the corpus, left out by a score
SCHEMA = """
create table recordings (r integer primary key, id text, sha256 text, source text, folder text, low integer,
                         high integer);
create table voices (v integer primary key, seconds real, told real);
create table queues (queue integer primary key, clips integer);
create table clips (n integer primary key, r integer, start integer, stop integer, v integer, queue integer,
                    decided integer, speaker text, similarity real, score real, rank real, draw integer, reason text,
                    first real, last real, gain real);
create table tones (id text primary key, tone text) without rowid;
"""
INDICES = """
create index by_rank on clips (queue, rank) where queue > 0 and not decided;
create index by_draw on clips (draw) where queue = 2 and not decided;
create index by_gain on clips (gain) where gain < 0;
create index by_voice on clips (v, rank);
create unique index by_name on recordings (id);
create index by_digest on recordings (sha256);
insert into queues select queue, count(*) from clips where queue > 0 and not decided group by queue;
insert into queues select -1, count(*) from clips where gain < 0 and queue = 2 and not decided;
"""
TONES = Path("tone", manifest.MANIFEST)
GAINING = -1  # among the queues' counts: kept clips beside which speech was cut off
ROWS = 20_000  # written at once


def sources(work: Path) -> list[Path]:
    """The files that the index is made of."""
    speaker, shards = work / "speaker", manifest.shards(work)
    scores = [manifest.of_shard(work, "score", shard) for shard in shards]
    return [speaker / "voices.jsonl", work / "select" / manifest.REJECTS, work / TONES, *scores]


def stamp(work: Path) -> str:
    """A digest of names, sizes and times of the sources."""
    told = [str(VERSION)]
    for path in sources(work):
        if path.is_file():
            told.append(f"{path.relative_to(work)} {path.stat().st_size} {path.stat().st_mtime_ns}")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def ready(work: Path) -> Path:
    """The index's file, built where it is missing or old. Raises ManifestError where the stages have not run."""
    place, wanted = work / PLACE, stamp(work)
    if place.is_file():
        with sqlite3.connect(f"file:{place}?mode=ro", uri=True) as known:
            try:
                if known.execute("select value from told where name = 'stamp'").fetchone() == (wanted,):
                    return place
            except sqlite3.Error:
                pass
    if not (work / "speaker" / "voices.jsonl").is_file():
        raise ManifestError(f"review: {work} has no voices yet: run snakemake with this configuration first.")
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f"{place.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    try:
        _build(work, partial, wanted)
        os.replace(partial, place)
    finally:
        partial.unlink(missing_ok=True)
    return place


def _build(work: Path, place: Path, wanted: str) -> None:
    base = sqlite3.connect(place, isolation_level=None)
    try:
        base.executescript("pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -65536;" + SCHEMA)
        base.execute("begin")
        recordings: dict[str, tuple] = {}
        voices: dict[int, list[float]] = {}
        batch: list[tuple] = []
        for row in _rows(work, recordings, voices):
            batch.append(row)
            if len(batch) == ROWS:
                _insert(base, batch)
                batch.clear()
        _insert(base, batch)
        tones = ((fact["id"], fact["tone"]) for fact in _lines(work / TONES) if fact["tone"])
        base.executemany("insert into tones values (?, ?)", tones)
        base.executemany("insert into recordings values (?, ?, ?, ?, ?, ?, ?)", recordings.values())
        base.executemany("insert into voices values (?, ?, ?)", ((v, *spoken) for v, spoken in voices.items()))
        base.execute("create table told (name text primary key, value text)")
        base.execute("insert into told values ('stamp', ?)", (wanted,))
        base.execute("commit")
        base.executescript(INDICES)
    finally:
        base.close()


def _insert(base: sqlite3.Connection, rows: list[tuple]) -> None:
    base.executemany(f"insert into clips values ({', '.join('?' * 16)})", rows)


def _rows(work: Path, recordings: dict[str, tuple], voices: dict[int, list[float]]) -> Iterator[tuple]:
    """The rows of `clips`; recordings and voices are filled on the way."""
    rejected = {row["id"]: row["reason"] for row in _lines(work / "select" / manifest.REJECTS)}
    shard, scores, cut_off, n = "", {}, {}, 0
    told = _lines(work / "speaker" / "voices.jsonl")
    for r, (recording, group) in enumerate(groupby(told, key=itemgetter("recording_id"))):
        rows = list(group)
        folder, here = rows[0]["path"].rpartition("/")[0], rows[0]["path"].split("/")[1]
        if here != shard:
            shard, facts = here, _lines(manifest.of_shard(work, "score", here))
            scores, cut_off = {fact["id"]: fact.get("dnsmos_ovrl") for fact in facts}, _cut_off(work, here)
        recordings[recording] = (r, recording, rows[0]["sha256"], rows[0]["source"], folder, n, n + len(rows) - 1)
        speech = cut_off.get(recording, ())
        if not speech:
            for row in rows:
                yield (n, r, *_clip(row, scores, rejected, voices), None, None, None)
                n += 1
            continue
        clips = [(row["start"], row["end"]) for row in rows]
        wide = beside.wider(clips, speech)
        for row, (first, last), gain in zip(rows, wide, beside.gained(clips, wide, speech), strict=True):
            yield (n, r, *_clip(row, scores, rejected, voices), first, last, -gain)
            n += 1


def _clip(row: dict, scores: dict, rejected: dict, voices: dict[int, list[float]]) -> tuple:
    """The columns of a clip from `start` to `reason`."""
    clip, v, answer = row["id"], int(row["voice"][1:]), row["answer"]
    queue, score = NOBODYS, scores.get(clip)
    if answer == "uncertain":
        queue = UNCERTAIN
    elif answer == "confident":
        queue = DROPPED if clip in rejected else KEPT
    start, stop = int(row["start"] * 1000 + 0.5), int(row["end"] * 1000 + 0.5)
    spoken = voices.setdefault(v, [0.0, 0.0])
    spoken[0] += (stop - start) / 1000
    spoken[1] += (stop - start) / 1000 if row["decided"] else 0.0
    # The longest uncertain clips first, as they settle most; of all others the one of the lowest score.
    rank = start - stop if queue == UNCERTAIN else (score if score is not None else -1.0)
    known = (bool(row["decided"]), row["speaker"], row["similarity"], score, rank, zlib.crc32(clip.encode()))
    return start, stop, v, queue, *known, rejected.get(clip)


def _cut_off(work: Path, shard: str) -> dict[str, list[tuple[float, float]]]:
    """recording -> the places of speech that was too short for a clip, of a shard."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in _lines(work / "slice" / shard / manifest.REJECTS):
        if row["reason"] == "too_short":
            found.setdefault(row["recording_id"], []).append((row["start"], row["end"]))
    return found


def _lines(path: Path) -> Iterator[dict]:
    """The objects of a JSON Lines file of the stages; none where there is no such file yet."""
    if path.is_file():
        with open(path, "rb") as lines:
            yield from map(orjson.loads, lines)
