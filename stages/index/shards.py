"""The id and the shard of every recording: kept for the life of a work folder, and restored if lost."""

import re
from pathlib import Path

from pipeline import inputs, manifest
from pipeline.errors import ManifestError
from pipeline.rows import SCHEMA, Recording

SHORTEST_AUTO = 1800.0  # seconds of a shard, so that loading a model is a small part of the work
MOST_SHARDS = 250  # with `shard_minutes: auto`, so that planning takes seconds
FACTS = ("sample_rate", "channels", "codec", "sha256", "downmix", "gaps", "peak")
PROVENANCE = ("source_kind", "url", "page", "title", "uploader", "published", "licence", "fetched_at")


def read_ids(place: Path) -> dict[str, dict]:
    """path -> {"id", "shard"}, from ids.json, or from the shards' own manifests where that file is lost or torn."""
    try:
        ids = manifest.read_object(place / "ids.json")
        if ids and all(isinstance(entry, dict) and entry.keys() == {"id", "shard"} for entry in ids.values()):
            return ids
    except (FileNotFoundError, ValueError):
        pass
    ids = {}
    for path in sorted(place.glob("s*/manifest.jsonl")):
        try:
            ids |= {
                row["path"]: {"id": row["id"], "shard": path.parent.name} for row in manifest.stream(path, Recording)
            }
        except ManifestError as error:
            raise ManifestError(
                f"{place / 'ids.json'} and {path} are damaged, so that the recordings' ids are not known any more: "
                "name a new work_dir."
            ) from error
    return ids


def next_id(ids: dict[str, dict]) -> str:
    """An id that no recording has had."""
    numbers = [int(re.sub(r"\D", "", entry["id"])) for entry in ids.values()]
    return f"r{max(numbers, default=-1) + 1:06d}"


def seconds_of_shard(minutes: str | float, total: float) -> float:
    """Seconds that a shard is to hold, of a corpus of `total` seconds."""
    return max(SHORTEST_AUTO, total / MOST_SHARDS) if minutes == "auto" else 60 * float(minutes)


def assign(facts: dict[str, dict], ids: dict, shard_seconds: float) -> None:
    """Give new paths their id and new recordings their shard, in `ids`: path -> {"id", "shard"}.

    New recordings fill new shards of at least `shard_seconds`; shards that exist take no more.
    """
    taken = [int(entry["shard"][1:]) for entry in ids.values() if entry["shard"]]
    number, filled = max(taken, default=-1) + 1, 0.0
    for path, fact in facts.items():
        if path not in ids:
            ids[path] = {"id": next_id(ids), "shard": None}
        entry = ids[path]
        if entry["shard"] is None and "reject" not in fact:
            entry["shard"] = f"s{number:04d}"
            filled += fact["duration"]
            if filled >= shard_seconds:
                number, filled = number + 1, 0.0


def refuse_duplicates(facts: dict[str, dict], ids: dict) -> None:
    """Turn a file with the same content as another into a reject `duplicate`; the file with an earlier id is kept."""
    first: dict[str, str] = {}
    for path in sorted(facts, key=lambda path: ids[path]["id"] if path in ids else "~"):
        if "reject" in facts[path]:
            continue
        twin = first.setdefault(facts[path]["sha256"], path)
        if twin != path:
            facts[path] = facts[path] | {"reject": ["duplicate", f"The same bytes as {facts[twin]['path']}."]}


def row(item: inputs.Found, fact: dict, name: str) -> dict:
    """The manifest row of a recording; for a reject, the row that it is made from."""
    duration = fact.get("duration", 0.0)
    known = {key: fact.get(key) for key in FACTS}
    place = {"start": 0.0, "end": duration, "duration": duration, "path": fact["path"], "source": item.source}
    names = {"schema": SCHEMA, "id": name, "recording_id": name, "parent_id": None}
    return names | place | known | item.provenance


def damage(recording: dict, fact: dict, stage: str) -> list[dict]:
    """The reject of the seconds missing at the end of a damaged recording; empty where nothing is missing."""
    if not fact.get("damaged"):
        return []
    seconds, complaint = fact["damaged"]
    end = recording["end"]
    part = (f"{recording['id']}_damaged", end, round(end + seconds, 6))
    message = f"{seconds:.3f} s that the file says it has could not be read: {complaint}"
    return [manifest.reject(recording, stage, "damaged", message, part)]
