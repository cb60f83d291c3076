"""What the stages tell of clips, as rows of the index: read in one process while another writes them."""

import multiprocessing
import zlib
from collections.abc import Iterator
from itertools import groupby, islice
from multiprocessing.connection import Connection
from operator import itemgetter
from pathlib import Path

import orjson

from pipeline import manifest
from pipeline.errors import ManifestError
from review import beside

NOBODYS, UNCERTAIN, KEPT, DROPPED = range(4)  # queues: rejected by voice, unsure of, in the corpus, left out by a score
ROWS = 20_000  # handed over at once
TONES = Path("tone", manifest.MANIFEST)


def batches(work: Path) -> Iterator[tuple[str, list[tuple]]]:
    """(table, rows): `clips`, numbered in the order of the data, `tones`, both ROWS at a time; then `recordings`."""
    context = multiprocessing.get_context("spawn")  # a fork of a server that has threads may hang
    receiver, sender = context.Pipe(duplex=False)
    reader = context.Process(target=_read, args=(work, sender), daemon=True)
    reader.start()
    sender.close()
    try:
        table = ""
        while table != "recordings":
            table, rows = _received(receiver)
            yield table, rows
    finally:
        receiver.close()
        reader.terminate()
        reader.join()


def _received(receiver: Connection) -> tuple[str, list[tuple]]:
    try:
        message = receiver.recv()
    except EOFError:
        raise ManifestError("review: the process that reads the clips was killed: start again.") from None
    if isinstance(message, Exception):
        raise message
    return message


def _read(work: Path, sender: Connection) -> None:
    """Send the batches, or the exception that ended them."""
    recordings: list[tuple] = []
    tones = ((fact["id"], fact["tone"]) for fact in lines(work / TONES) if fact["tone"])
    try:
        for table, rows in (("clips", _rows(work, recordings)), ("tones", tones)):
            for batch in iter(lambda rows=rows: list(islice(rows, ROWS)), []):
                sender.send((table, batch))
        sender.send(("recordings", recordings))
    except BrokenPipeError:
        pass  # nobody waits for them any more
    except Exception as error:
        sender.send(error)


def _rows(work: Path, recordings: list[tuple]) -> Iterator[tuple]:
    """The rows of `clips`; those of `recordings` are gathered on the way."""
    rejected = {row["id"]: row["reason"] for row in lines(work / "select" / manifest.REJECTS)}
    shard, scores, cut_off, n = "", {}, {}, 0
    told = lines(work / "speaker" / "voices.jsonl")
    for r, (recording, group) in enumerate(groupby(told, key=itemgetter("recording_id"))):
        rows = list(group)
        folder, here = rows[0]["path"].rpartition("/")[0], rows[0]["path"].split("/")[1]
        if here != shard:
            shard, facts = here, lines(manifest.of_shard(work, "score", here))
            scores, cut_off = {fact["id"]: fact.get("dnsmos_ovrl") for fact in facts}, _cut_off(work, here)
        recordings.append((r, recording, rows[0]["sha256"], rows[0]["source"], folder, n, n + len(rows) - 1))
        speech = cut_off.get(recording, ())
        if not speech:
            for row in rows:
                yield (n, r, *_clip(row, scores, rejected), None, None, None)
                n += 1
            continue
        clips = [(row["start"], row["end"]) for row in rows]
        wide = beside.wider(clips, speech)
        for row, (first, last), gain in zip(rows, wide, beside.gained(clips, wide, speech), strict=True):
            yield (n, r, *_clip(row, scores, rejected), first, last, -gain)
            n += 1


def _clip(row: dict, scores: dict, rejected: dict) -> tuple:
    """The columns of a clip from `start` to `reason`."""
    clip, v, answer = row["id"], int(row["voice"][1:]), row["answer"]
    queue, score = NOBODYS, scores.get(clip)
    if answer == "uncertain":
        queue = UNCERTAIN
    elif answer == "confident":
        queue = DROPPED if clip in rejected else KEPT
    start, stop = int(row["start"] * 1000 + 0.5), int(row["end"] * 1000 + 0.5)
    # The longest uncertain clips first, as they settle most; of all others the one of the lowest score.
    rank = start - stop if queue == UNCERTAIN else (score if score is not None else -1.0)
    known = (bool(row["decided"]), row["speaker"], row["similarity"], score, rank, zlib.crc32(clip.encode()))
    return start, stop, v, queue, *known, rejected.get(clip)


def _cut_off(work: Path, shard: str) -> dict[str, list[tuple[float, float]]]:
    """recording -> the places of speech that was too short for a clip, of a shard."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in lines(work / "slice" / shard / manifest.REJECTS):
        if row["reason"] == "too_short":
            found.setdefault(row["recording_id"], []).append((row["start"], row["end"]))
    return found


def lines(path: Path) -> Iterator[dict]:
    """The objects of a JSON Lines file of the stages; none where there is no such file yet."""
    if path.is_file():
        with open(path, "rb") as text:
            yield from map(orjson.loads, text)
