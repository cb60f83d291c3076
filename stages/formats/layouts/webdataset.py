"""WebDataset: tar files of about 500 MB with CLIP.wav, CLIP.json and, where it has a text, CLIP.txt, numbered by split.

The JSON has all that is known of the clip; the .txt has the text, or the normalized one where that alone is known. A
tar holds its members, so here the audio is copied. Clips stand in the order of the corpus: shuffle when loading.
Source: "The WebDataset Format" in WebDataset's documentation.
"""

import io
import json
import tarfile
from pathlib import Path

from stages.formats.clips import SHARD_BYTES, Clips, batches, record, text_of

HELP = "tar files with the audio inside"
NEEDS = ()
LOADING = "`webdataset/`: tar files with a WAV and a JSON per clip, and a .txt where it has a text."


def add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a member without owner or time, so that equal content is equal bytes."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def write(clips: Clips, out: Path) -> None:
    """Write SPLIT-000000.tar and so on to the folder `out`."""
    for split in clips.splits:
        for number, shard in enumerate(batches(clips.rows(split), clips.size, SHARD_BYTES)):
            with tarfile.open(out / f"{split}-{number:06d}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
                for row in shard:
                    add(tar, f"{row['clip']}.json", json.dumps(record(row), ensure_ascii=False).encode())
                    if text := text_of(row):
                        add(tar, f"{row['clip']}.txt", text.encode())
                    add(tar, f"{row['clip']}.wav", clips.wav(row).read_bytes())
