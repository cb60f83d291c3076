"""Lhotse's manifests: recordings, supervisions and cuts of every split, as JSON Lines packed by gzip.

A clip is a recording of its own with one supervision over its whole length, which has the clip's text where there is
one; what else is known of it is the supervision's `custom`, the normalized text as `normalized_text`, as Lhotse's own
recipe for LJSpeech has it. Paths are relative to the corpus folder: run Lhotse there, or lead the paths with
`recordings.with_path_prefix(corpus)`. Source: to_dict of Lhotse's Recording, SupervisionSegment and MonoCut.
"""

import gzip
import io
import json
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stages.formats.clips import TEXTS, Clips, record, text_of

HELP = "recordings, supervisions and cuts"
NEEDS = ("speaker", "sample_rate")
LOADING = '`lhotse/`: `CutSet.from_file("lhotse/cuts_train.jsonl.gz")`, paths relative to this folder.'

COMPRESSION = 6


def recording(row: dict, samples: int) -> dict:
    """The clip's file as a Lhotse Recording."""
    return {
        "id": row["clip"],
        "sources": [{"type": "file", "channels": [0], "source": row["path"]}],
        "sampling_rate": row["sample_rate"],
        "num_samples": samples,
        "duration": samples / row["sample_rate"],
        "channel_ids": [0],
    }


def supervision(row: dict, samples: int) -> dict:
    """Who speaks in the clip, what is said, and where it comes from, as a Lhotse SupervisionSegment."""
    own = ("clip", "speaker", "sample_rate", "duration", *TEXTS)
    custom = {name: value for name, value in record(row).items() if name not in own}
    if row.get("text_normalized"):
        custom["normalized_text"] = row["text_normalized"]
    said = {"text": text} if (text := text_of(row)) else {}
    return {
        "id": row["clip"],
        "recording_id": row["clip"],
        "start": 0.0,
        "duration": samples / row["sample_rate"],
        "channel": 0,
        "speaker": row["speaker"],
        "custom": custom,
    } | said


def cut(row: dict, samples: int) -> dict:
    """The clip as a Lhotse MonoCut, with its recording and supervision."""
    return {
        "id": row["clip"],
        "start": 0.0,
        "duration": samples / row["sample_rate"],
        "channel": 0,
        "supervisions": [supervision(row, samples)],
        "recording": recording(row, samples),
        "type": "MonoCut",
    }


@contextmanager
def packed(path: Path):
    """A text stream into a gzip file that carries neither time nor name, so that equal content is equal bytes."""
    with (
        open(path, "wb") as raw,
        gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0) as zipped,
        io.TextIOWrapper(zipped, encoding="utf-8", newline="") as lines,
    ):
        yield lines


def write(clips: Clips, out: Path) -> None:
    """Write recordings, supervisions and cuts of every split that has clips to the folder `out`."""
    kinds = {"recordings": recording, "supervisions": supervision, "cuts": cut}
    for split in clips.splits:
        with ExitStack() as stack:
            files = {kind: stack.enter_context(packed(out / f"{kind}_{split}.jsonl.gz")) for kind in kinds}
            for row in clips.rows(split):
                samples = clips.samples(row)
                for kind, as_manifest in kinds.items():
                    files[kind].write(json.dumps(as_manifest(row, samples), ensure_ascii=False) + "\n")
