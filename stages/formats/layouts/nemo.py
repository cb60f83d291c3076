"""NeMo's manifests: one JSON object per line, a file per split.

`audio_filepath` is relative to the manifest's folder, where NeMo looks first, so the audio is not copied. `text` is
wanted by NeMo's loaders and empty, as there are no transcripts. Source: item_iter in NeMo's
nemo/collections/common/parts/preprocessing/manifest.py.
"""

import json
from pathlib import Path

from stages.formats.clips import Clips

LOADING = "`nemo/`: a manifest per split, paths relative to the manifest."


def entry(row: dict, samples: int) -> dict:
    """A clip as NeMo names things, then all that clips.csv says of it. duration: seconds."""
    rest = {name: value for name, value in row.items() if name not in ("path", "duration")}
    return {"audio_filepath": f"../{row['path']}", "duration": samples / row["sample_rate"], "text": ""} | rest


def write(clips: Clips, out: Path) -> None:
    """Write train.jsonl, validation.jsonl and test.jsonl, those that have clips, to the folder `out`."""
    for split in clips.splits:
        with open(out / f"{split}.jsonl", "w", encoding="utf-8", newline="") as lines:
            for row in clips.rows(split):
                lines.write(json.dumps(entry(row, clips.samples(row)), ensure_ascii=False) + "\n")
