"""index: find the recordings, examine them, give them ids and group them in shards.

The same content twice is one recording and one reject. Running again with more files reads only those, adds shards, and
leaves the old ones untouched. Without --input, the recordings are those of the crawl.
"""

import json
import os
import shutil
from pathlib import Path

from pipeline import captions, entry, inputs, manifest, program, registry, run, vouch
from pipeline.errors import ConfigError
from pipeline.rows import Recording, Reject
from stages.index import examine, shards

STAGE = "index"


def from_crawl(table: Path, downloads: Path) -> tuple[list[inputs.Found], list[dict]]:
    """What the crawl fetched, with its provenance, and rejects for what it could not fetch."""
    items = []
    whole = {"recording_id": "", "start": 0.0, "end": 0.0}
    refused = [row | whole for row in manifest.lines(table.with_name(manifest.REJECTS))]
    for row in manifest.lines(table):
        path = Path(os.path.abspath(downloads.resolve().parent / row["path"]))
        provenance = {name: row[name] for name in shards.PROVENANCE if row.get(name)}
        if path.exists():
            items.append(inputs.Found(path, row["source"], bool(path.suffix), provenance))
        else:
            refused.append(row | whole | {"reason": "gone", "message": "The file is not where the crawl left it."})
    if not items:
        raise ConfigError(f"index: the crawl fetched no recording: see rejects.jsonl beside {table}.")
    return items, [manifest.reject(row, "crawl", row["reason"], row["message"]) for row in refused]


def index(job: program.Job, items: list[inputs.Found], refused: list[dict]) -> dict:
    """Write the shards' manifests, rejects.jsonl (after those `refused` before) and ids.json; return the summary."""
    by_path = {inputs.relative(item.path, job.work): item for item in items}
    facts = examine.examine_all(by_path, job.out / "known.jsonl", job.settings.threads)
    ids = shards.read_ids(job.out)
    ignored = [path for path, item in by_path.items() if not item.certain and "reject" in facts[path]]
    for path in ignored:
        del facts[path]
    shards.refuse_duplicates(facts, ids)
    total = sum(fact.get("duration", 0.0) for fact in facts.values())
    shards.assign(facts, ids, shards.seconds_of_shard(job.settings.shard_minutes, total))
    manifest.write_text(job.out / "ids.json", json.dumps(ids, indent=0) + "\n")

    by_shard: dict[str, list[dict]] = {}
    rejects, failed = list(refused), []
    for path, fact in sorted(facts.items(), key=lambda pair: ids[pair[0]]["id"]):
        row = shards.row(by_path[path], fact, ids[path]["id"])
        if "reject" in fact:
            rejects.append(manifest.reject(row, STAGE, *fact["reject"]))
            failed += rejects[-1:] if fact["reject"][0] != "duplicate" else []
        else:
            by_shard.setdefault(ids[path]["shard"], []).append(row)
            rejects += shards.damage(row, fact, STAGE)
    if failed:
        run.judge(STAGE, len(failed), len(facts), job.settings.max_failed_fraction, failed[-1])
    if not by_shard:
        last = "".join(f" The last: {row['source']}: {row['message']}" for row in rejects[-1:])
        raise ConfigError(f"index: none of the {len(by_path)} files can be used: add recordings.{last}")
    manifest.write(job.out / manifest.REJECTS, rejects, Reject)
    texts: dict[str, list[Path]] = {}  # by the recording's content: of files that are equal, those beside each count
    for path, files in captions.beside(item.path for item in by_path.values()).items():
        digest = facts.get(inputs.relative(path, job.work), {}).get("sha256", "")
        texts.setdefault(digest, []).extend(files)
    for shard, rows in by_shard.items():
        place = job.out / shard / manifest.MANIFEST
        if not _holds(place, rows):  # an untouched shard keeps its time
            manifest.write(place, rows, Recording)
        beside = {row["id"]: texts.get(row["sha256"], []) for row in rows}
        _write_captions(job, shard, {name: files for name, files in beside.items() if files})
    seconds = {shard: round(sum(row["duration"] for row in rows), 3) for shard, rows in sorted(by_shard.items())}
    recordings = sum(map(len, by_shard.values()))
    return {
        "shards": list(seconds),
        "seconds": seconds,
        "recordings": recordings,
        "rejects": len(rejects),
        "ignored_files": len(ignored),
    }


def forget_shards(work: Path, shards: list[str]) -> None:
    """Remove the results of shards whose recordings are all gone."""
    for stage in registry.stages():
        for folder in (work / stage).glob("s[0-9]*"):
            if folder.is_dir() and folder.name not in shards:
                shutil.rmtree(folder)


def _write_captions(job: program.Job, shard: str, beside: dict[str, list[Path]]) -> None:
    """Write the shard's table of captions (recording -> files), where it has changed."""
    table = {name: captions.identities(files, job.work) for name, files in beside.items()}
    place, text = job.out / shard / captions.TABLE, json.dumps(table, indent=0) + "\n"
    if not place.is_file() or place.read_text(encoding="utf-8") != text:
        manifest.write_text(place, text)


def _holds(place: Path, rows: list[dict]) -> bool:
    """Whether a manifest exists and holds exactly these rows."""
    try:
        return list(manifest.lines(place)) == rows
    except manifest.ManifestError:
        return False


def main() -> None:
    job = program.parse(STAGE, __doc__)
    if job.settings.input:
        items, refused = inputs.find(job.settings.input), []
    else:
        items, refused = from_crawl(job.work / "crawl" / manifest.MANIFEST, Path(job.settings.downloads_dir))
    with vouch.alone(job.out):
        summary = index(job, items, refused)
        forget_shards(job.work, summary["shards"])
        manifest.write_text(job.out / "shards.json", json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    entry.run(main)
