"""The index of a work folder's clips: a SQLite file, built once and again whenever the stages wrote anew.

It stands in the work folder, as all that can be made again does. Clips are numbered in the order of the data; a
clip's queue is what became of it, and its rank is its place there.
"""

import hashlib
import os
import sqlite3
from pathlib import Path

from pipeline import manifest
from pipeline.errors import ManifestError
from review import reading

PLACE = Path("review", "index.sqlite")
VERSION = 4
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
insert into voices select v, sum(stop - start) / 1000.0, total((stop - start) * decided) / 1000.0 from clips group by v;
insert into queues select queue, count(*) from clips where queue > 0 and not decided group by queue;
insert into queues select -1, count(*) from clips where gain < 0 and queue = 2 and not decided;
"""
GAINING = -1  # among the queues' counts: kept clips beside which speech was cut off


def sources(work: Path) -> list[Path]:
    """The files that the index is made of."""
    speaker, shards = work / "speaker", manifest.shards(work)
    scores = [manifest.of_shard(work, "score", shard) for shard in shards]
    return [speaker / "voices.jsonl", work / "select" / manifest.REJECTS, work / reading.TONES, *scores]


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
        for table, rows in reading.batches(work):
            if rows:
                base.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)
        base.execute("create table told (name text primary key, value text)")
        base.execute("insert into told values ('stamp', ?)", (wanted,))
        base.execute("commit")
        base.executescript(INDICES)
    finally:
        base.close()
