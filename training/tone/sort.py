"""Any folder sorted by tone: copies into a folder per tone, a CSV, and count, share and hours of each.

The clips of a folder are taken for one speaker's, those of a folder in it for another's: what a clip is held against.
"""

import csv
import io
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np

from engines.tone.model import Model, tell
from engines.tone.normalization import FEWEST, per_speaker
from pipeline import manifest
from pipeline.errors import ConfigError
from training.tone import readers, vectors

UNSURE = "unsure"  # the folder of clips without a tone
FIELDS = ("path", "tone", "confidence", "seconds")


def classify(folder: Path, model: Model, least: float, jobs: int) -> list[dict]:
    """A row of FIELDS for every file of audio below a folder; tone "" where it is not sure.

    Raises ConfigError where there is none.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in readers.AUDIO and path.is_file())
    if not paths:
        raise ConfigError(f"tone: {folder} has no file of audio ({', '.join(sorted(readers.AUDIO))}).")
    parts = [vectors.measure(paths, part, jobs) for part in model.card.parts]
    heard = [number for number in range(len(paths)) if all(part[number] is not None for part in parts)]
    rows = [
        {"path": path, "tone": "", "confidence": None, "seconds": seconds}
        for path, seconds in zip(paths, vectors.lengths(paths, jobs), strict=True)
    ]
    if heard:
        joined = np.array([np.concatenate([part[number] for part in parts]) for number in heard])
        speakers = np.array([str(paths[number].parent) for number in heard])
        given = per_speaker(joined, speakers) if model.card.normalize else np.nan_to_num(joined)
        tones, sure = tell(model.probabilities(given), model.card.tones, least)
        counts = dict(zip(*np.unique(speakers, return_counts=True), strict=True))
        for number, speaker, tone, trust in zip(heard, speakers, tones, sure, strict=True):
            if counts[speaker] >= FEWEST or not model.card.normalize:
                rows[number] |= {"tone": tone, "confidence": round(float(trust), 3)}
    return rows


def write(rows: list[dict], folder: Path, into: Path | None, table: Path | None) -> None:
    """Copy every file to into/TONE/..., under the path that it has in `folder`, and write the table."""
    if into:
        if into.resolve().is_relative_to(folder.resolve()):
            raise ConfigError(f"tone: {into} lies in {folder}, which is being sorted: name a folder beside it.")
        for row in rows:
            place = into / (row["tone"] or UNSURE) / row["path"].relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():  # what is there may be a person's
                shutil.copyfile(row["path"], place)
    if table:
        text = io.StringIO()
        lines = csv.DictWriter(text, FIELDS, lineterminator="\n")
        lines.writeheader()
        lines.writerows(row | {"path": row["path"].relative_to(folder).as_posix()} for row in rows)
        manifest.write_text(table, text.getvalue())


def summary(rows: list[dict]) -> str:
    """Clips, share and hours of every tone."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        seconds[row["tone"] or UNSURE].append(row["seconds"])
    lines = [f"{'tone':<28}{'clips':>7}{'share':>9}{'hours':>10}"]
    for tone, own in sorted(seconds.items(), key=lambda pair: -len(pair[1])):
        lines.append(f"{tone:<28}{len(own):>7}{len(own) / len(rows):>9.1%}{sum(own) / 3600:>10.4f}")
    return "\n".join(lines)
