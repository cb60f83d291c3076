"""index: find the recordings, read what they are, give them ids, gather them in shards.

Every candidate is decoded once, so that its duration is exact, a broken one is known before any model runs,
and the channels can be mixed down without cancelling. The same content twice is one recording and one
reject. What was learnt of a file is kept in known.jsonl, ids and shards in ids.json: running again with more files
reads only those, adds shards, and leaves the old ones untouched.
"""

import argparse
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pipeline import audio, inputs, manifest, program, run
from pipeline.errors import ConfigError, Reject

STAGE = "index"
PROVENANCE = ("source_kind", "url", "page", "title", "uploader", "published", "licence", "fetched_at")
CANCELLATION_DB = 10.0


def choose_downmix(energies: np.ndarray) -> str:
    """ "mean", or "left"/"right" where the mean of two channels would lose the signal.

    energies: sums of squares of (left, right, mean). The mean of two uncorrelated channels is 3 dB below their
    average energy; where it lies more than 10 dB below, the channels cancel (a pole swapped in the studio).
    """
    left, right, mean = energies
    if mean * 10 ** (CANCELLATION_DB / 10) >= (left + right) / 2:
        return "mean"
    return "left" if left >= right else "right"


def examine(item: inputs.Found) -> dict:
    """What a file is: {"sha256", "codec", "sample_rate", "channels", "duration", "downmix"}; or Reject."""
    if not item.path.is_file():
        raise Reject("not_a_file", "A folder with the name of a sound file.")
    if not item.path.stat().st_size:
        raise Reject("empty", "The file has no bytes.")
    facts = audio.probe(item.path)
    samples, energies = 0, np.zeros(3)
    for block in audio.decode(item.path, audio.WORK_RATE, min(facts["channels"], 2)):
        samples += len(block)
        left, right = block[:, 0].astype(np.float64), block[:, -1].astype(np.float64)
        of_left, of_right, of_both = (np.einsum("i,i", *pair) for pair in ((left, left), (right, right), (left, right)))
        energies += [of_left, of_right, (of_left + of_right + 2 * of_both) / 4]
    with open(item.path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    duration = round(samples / audio.WORK_RATE, 6)
    return facts | {"sha256": digest, "duration": duration, "downmix": choose_downmix(energies)}


def examine_all(items: dict[str, inputs.Found], journal: Path, threads: int) -> dict[str, dict]:
    """Path -> facts or {"reject": [reason, message]}, from the journal where size and time are the same."""
    known = {}
    if journal.exists():
        for line in journal.read_text(encoding="utf-8").splitlines():
            try:
                fact = json.loads(line)
            except ValueError:  # the last line of a run that was killed
                continue
            known[fact["path"], fact["size"], fact["mtime_ns"]] = fact

    def learn(path: str) -> dict:
        item = items[path]
        stat = item.path.stat()
        key = {"path": path, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
        try:
            return known.get(tuple(key.values())) or key | examine(item)
        except Reject as fault:
            return key | {"reject": [fault.reason, fault.message]}

    facts = {}
    with open(journal, "a", encoding="utf-8") as out_lines, ThreadPoolExecutor(threads) as pool:
        for path, fact in zip(items, pool.map(learn, items), strict=True):
            facts[path] = fact
            if (fact["path"], fact["size"], fact["mtime_ns"]) not in known:
                out_lines.write(json.dumps(fact) + "\n")
                out_lines.flush()
    return facts


def assign(facts: dict[str, dict], ids: dict, shard_seconds: float) -> None:
    """Give new paths their id and new recordings their shard, in `ids`: path -> {"id", "shard"}.

    New recordings fill new shards of at least `shard_seconds`; shards that exist take no more.
    """
    number = len({entry["shard"] for entry in ids.values() if entry["shard"]})
    filled = 0.0
    for path, fact in facts.items():
        entry = ids.setdefault(path, {"id": f"r{len(ids):06d}", "shard": None})
        if entry["shard"] is None and "reject" not in fact:
            entry["shard"] = f"s{number:04d}"
            filled += fact["duration"]
            if filled >= shard_seconds:
                number, filled = number + 1, 0.0


def refuse_duplicates(facts: dict[str, dict], ids: dict) -> None:
    """Turn the facts of a content seen before into a reject `duplicate`; what had an id already comes first."""
    first: dict[str, str] = {}
    for path in sorted(facts, key=lambda path: ids[path]["id"] if path in ids else "~"):
        if "reject" in facts[path]:
            continue
        twin = first.setdefault(facts[path]["sha256"], path)
        if twin != path:
            facts[path] = facts[path] | {"reject": ["duplicate", f"The same bytes as {facts[twin]['path']}."]}


def from_crawl(table: Path, downloads: Path) -> tuple[list[inputs.Found], list[dict]]:
    """What the crawl brought in, with its provenance, and rejects for what it could not."""
    items = []
    whole = {"recording_id": "", "start": 0.0, "end": 0.0}
    refused = [one | whole for one in manifest.lines(table.with_name("rejects.jsonl"))]
    for entry in manifest.lines(table):
        path = Path(os.path.abspath(downloads.resolve().parent / entry["path"]))
        told = {name: entry[name] for name in PROVENANCE if entry.get(name)}
        if path.exists():
            items.append(inputs.Found(path, entry["source"], bool(path.suffix), told))
        else:
            refused.append(entry | whole | {"reason": "gone", "message": "The file is not where the crawl left it."})
    if not items:
        raise ConfigError(f"index: the crawl brought in no recording: see rejects.jsonl beside {table}.")
    return items, [manifest.reject(one, "crawl", one["reason"], one["message"]) for one in refused]


def row(item: inputs.Found, fact: dict, name: str) -> dict:
    """The manifest row of a recording."""
    duration = fact.get("duration", 0.0)
    return {
        "schema": manifest.SCHEMA,
        "id": name,
        "recording_id": name,
        "parent_id": None,
        "source": item.source,
        "path": fact["path"],
        "start": 0.0,
        "end": duration,
        "duration": duration,
        **{key: fact.get(key) for key in ("sample_rate", "channels", "codec", "sha256", "downmix")},
        **item.provenance,
    }


def index(
    items: list[inputs.Found],
    out: Path,
    work: Path,
    shard_seconds: float,
    limit: float,
    threads: int,
    refused: list[dict] | None = None,
) -> dict:
    """Write out/<shard>/manifest.jsonl, out/rejects.jsonl (after those `refused` before) and out/ids.json.

    Gives the summary. More than the fraction `limit` of failed recordings raises VoxsieveError.
    """
    out.mkdir(parents=True, exist_ok=True)
    by_path = {os.path.relpath(item.path.absolute(), work.absolute()): item for item in items}
    facts = examine_all(by_path, out / "known.jsonl", threads)
    known = out / "ids.json"
    ids = json.loads(known.read_text(encoding="utf-8")) if known.exists() else {}
    ignored = [path for path, item in by_path.items() if not item.certain and "reject" in facts[path]]
    for path in ignored:
        del facts[path]
    refuse_duplicates(facts, ids)
    assign(facts, ids, shard_seconds)
    manifest.write_text(known, json.dumps(ids, indent=0) + "\n")

    shards: dict[str, list[dict]] = {}
    rejects, failed = list(refused or []), []
    for path, fact in sorted(facts.items(), key=lambda pair: ids[pair[0]]["id"]):
        made = row(by_path[path], fact, ids[path]["id"])
        if "reject" in fact:
            rejects.append(manifest.reject(made, STAGE, *fact["reject"]))
            failed += rejects[-1:] if fact["reject"][0] != "duplicate" else []
        else:
            shards.setdefault(ids[path]["shard"], []).append(made)
    manifest.write(out / "rejects.jsonl", rejects, manifest.REJECT)
    run.check_failures(STAGE, failed, len(facts), limit)
    if not shards:
        raise ConfigError("index: none of the recordings can be used: see rejects.jsonl in the index's folder.")
    for shard, rows in shards.items():
        place = out / shard / "manifest.jsonl"
        if not place.exists() or manifest.read(place) != rows:  # an untouched shard keeps its time
            manifest.write(place, rows)
    summary = {
        "recordings": sum(map(len, shards.values())),
        "rejects": len(rejects),
        "ignored_files": len(ignored),
    }
    return {"shards": sorted(shards)} | summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=program.Defaults)
    parser.add_argument("--input", action="append", help="folder, file or .txt list of paths; repeatable")
    parser.add_argument("--crawled", type=Path, help="manifest of the crawl, in place of --input")
    parser.add_argument("--downloads", type=Path, default=Path("downloads"), help="the crawl's store")
    parser.add_argument("--out", type=Path, required=True, help="folder for shards, rejects and what is known")
    parser.add_argument("--work", type=Path, required=True, help="work folder, to which paths will be relative")
    parser.add_argument("--shard-minutes", type=program.positive, default=30.0, help="audio in a shard")
    parser.add_argument("--max-failed-fraction", type=float, default=0.5, help="stop where more recordings fail")
    parser.add_argument("--threads", type=program.count, default=2, help="files decoded at once")
    args = parser.parse_args()
    if bool(args.input) == bool(args.crawled):
        parser.error("one of --input and --crawled is wanted")
    items, refused = from_crawl(args.crawled, args.downloads) if args.crawled else (inputs.find(args.input), [])
    limit, seconds = args.max_failed_fraction, 60 * args.shard_minutes
    with run.alone(args.out):
        summary = index(items, args.out, args.work, seconds, limit, args.threads, refused)
        manifest.write_text(args.out / "shards.json", json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    program.run(main)
