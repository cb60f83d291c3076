"""The account of all seconds: kept + rejected = input, exactly. Pure functions on rows."""

from collections.abc import Iterable

from pipeline.errors import ManifestError
from pipeline.rows import SCHEMA


def micros(rows: Iterable[dict]) -> int:
    """Whole microseconds between start and end, summed: exact, whatever the number of rows."""
    return sum(round(row["end"] * 1e6) - round(row["start"] * 1e6) for row in rows)


def tally(rows: list[dict]) -> dict:
    """{"count", "seconds"} of rows."""
    return {"count": len(rows), "seconds": micros(rows) / 1e6}


def grouped(rows: Iterable[dict], name: str) -> dict[str, list[dict]]:
    """Rows grouped by the value of one field, in alphabetical order."""
    groups: dict[str, list[dict]] = {}
    for row in rows:
        groups.setdefault(row[name], []).append(row)
    return dict(sorted(groups.items()))


def account(recordings: list[dict], kept: list[dict], rejects: list[dict], stages: list[str]) -> dict:
    """The statistics: seconds of input, kept and rejected, reasons per stage (in the order of `stages`), per speaker.

    Raises ManifestError unless kept + rejected = input to the millisecond.
    """
    at_index = [row for row in rejects if row["stage"] == "index"]
    total, good, lost = micros(recordings) + micros(at_index), micros(kept), micros(rejects)
    if abs(total - good - lost) > 1000:
        raise ManifestError(
            f"export: kept {good / 1e6:.3f} s and rejected {lost / 1e6:.3f} s do not add up to the "
            f"input's {total / 1e6:.3f} s: {_where(recordings, kept, rejects)}; run again with -R separate, which "
            "repeats all later stages."
        )
    by_stage = grouped(rejects, "stage")
    reasons = {stage: grouped(by_stage.get(stage, []), "reason") for stage in stages}
    return {
        "schema": SCHEMA,
        "input": {
            "recordings": len(recordings) + sum(row["parent_id"] is None for row in at_index),
            "seconds": total / 1e6,
        },
        "kept": {"clips": len(kept), "seconds": good / 1e6},
        "rejected": {"rows": len(rejects), "seconds": lost / 1e6},
        "speakers": {name: tally(rows) for name, rows in grouped(kept, "speaker").items()},
        "labels": {name: tally(rows) for name, rows in grouped(kept, "label").items()},
        "stages": {stage: {name: tally(rows) for name, rows in groups.items()} for stage, groups in reasons.items()},
    }


def _where(recordings: list[dict], kept: list[dict], rejects: list[dict]) -> str:
    """The first recording whose seconds do not add up."""
    spent = {row["id"]: 0 for row in recordings}
    for row in (*kept, *(row for row in rejects if row["stage"] not in ("crawl", "index"))):
        spent[row["recording_id"]] = spent.get(row["recording_id"], 0) + micros([row])
    for row in recordings:
        if abs(spent[row["id"]] - micros([row])) > 1000:
            whole, accounted = micros([row]) / 1e6, spent[row["id"]] / 1e6
            return f"of {row['id']} ({row['source']}), {whole:.3f} s long, {accounted:.3f} s are accounted for"
    return "rejects name recordings that the index does not have"
