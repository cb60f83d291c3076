"""NeMo's manifests: one JSON object per line, a file per split.

`audio_filepath` is relative to the manifest's folder, where NeMo looks first, so the audio is not copied. `text` is
what NeMo's loaders want in every line, empty where it is not known; `normalized_text`, where it is known, is what its
TTS dataset takes first. Sources: item_iter in NeMo's nemo/collections/common/parts/preprocessing/manifest.py, and
nemo/collections/tts/data/dataset.py.
"""

import json
from pathlib import Path

from stages.formats.clips import TEXTS, Clips, record, text_of

HELP = "JSON manifests"
NEEDS = ("sample_rate",)
LOADING = "`nemo/`: a manifest per split, paths relative to the manifest."


def entry(row: dict, samples: int) -> dict:
    """A clip as NeMo names things, then all else that is known of it. duration: seconds."""
    own = {
        "audio_filepath": f"../{row['path']}",
        "duration": samples / row["sample_rate"],
        "text": text_of(row),
    }
    if row.get("text_normalized"):
        own["normalized_text"] = row["text_normalized"]
    return own | {name: value for name, value in record(row).items() if name not in ("duration", *TEXTS)}


def write(clips: Clips, out: Path) -> None:
    """Write train.jsonl, validation.jsonl and test.jsonl, those that have clips, to the folder `out`."""
    for split in clips.splits:
        with open(out / f"{split}.jsonl", "w", encoding="utf-8", newline="") as lines:
            for row in clips.rows(split):
                lines.write(json.dumps(entry(row, clips.samples(row)), ensure_ascii=False) + "\n")
