"""The decisions that no longer fit any clip, and their table in the corpus."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pipeline import manifest, tables, texts
from pipeline.decision import OF_CLIPS, OF_CUTS, OF_VOICES, Decision
from pipeline.places import covered
from pipeline.rows import Clip

UNFIT = "unfit_decisions.csv"
COLUMNS = "decision who when kind value sha256 start end times".split()


def clips(work: Path) -> Iterator[dict]:
    """All clips that slice cut, whatever became of them."""
    for shard in manifest.shards(work):
        yield from manifest.stream(manifest.of_shard(work, "slice", shard), Clip)


def unfit(holding: list[Decision], rows: Iterable[dict]) -> list[Decision]:
    """The decisions that no clip of `rows` is made of or about. Of a voice: where all its clips lie elsewhere."""
    judged = [decision for decision in holding if decision.kind in (*OF_CLIPS, *OF_CUTS, *OF_VOICES)]
    wanted = {sha256 for decision in judged for sha256 in decision.places}
    fitting: set[str] = set()
    here: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["sha256"] in wanted:
            fitting.update(row.get("cut_by", ()))
            here.setdefault(row["sha256"], []).append((row["start"], row["end"]))
    return [decision for decision in judged if decision.id not in fitting and not _fits(decision, here)]


def _fits(decision: Decision, here: dict[str, list[tuple[float, float]]]) -> bool:
    """Whether a decision about a voice or a clip has a clip; here: SHA-256 -> the places of its clips."""
    if decision.kind in OF_CUTS:
        return False  # the clips that it made would name it
    for sha256, spans in decision.places.items():
        start, end = np.array(here.get(sha256, [])).reshape(-1, 2).T
        if decision.kind in OF_VOICES:
            if np.any(covered(spans, start, end) >= (end - start) / 2):
                return True
        else:
            shared = np.minimum(end, spans[0][1]) - np.maximum(start, spans[0][0])
            union = np.maximum(end, spans[0][1]) - np.minimum(start, spans[0][0])
            if np.any(shared >= texts.SAME_PLACE * union):
                return True
    return False


def write_unfit(corpus: Path, left: list[Decision]) -> None:
    """Write the table of what does not fit, a line for every place."""
    rows = [
        {"decision": line.id, "who": line.who, "when": line.when, "kind": line.kind, "value": line.value}
        | {"sha256": sha256, "start": start, "end": end, "times": " ".join(map(str, line.times))}
        for line in left
        for sha256, spans in line.places.items()
        for start, end in spans
    ]
    tables.write(corpus / UNFIT, COLUMNS, rows)
