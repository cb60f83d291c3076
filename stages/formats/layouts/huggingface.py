"""For Hugging Face datasets: audiofolder/ (a folder of WAVs per split) and parquet/ (the audio inside, for the Hub).

    load_dataset("corpus/huggingface/audiofolder")
    load_dataset("corpus/huggingface/parquet")

audiofolder/ has hard links, as its loader refuses paths that leave the folder, and metadata.parquet with `file_name`:
of a metadata.csv the loader guesses the types, split by split, and refuses one where a column is empty in one split
alone. parquet/ holds the bytes of the WAVs, so here the audio is copied. Where some clip has a text there are columns
`text` and `text_normalized`, empty for those without. Sources: folder_based_builder.py and Features.arrow_schema of
Hugging Face datasets.
"""

import json
from pathlib import Path

from pipeline.corpus import link_or_copy
from stages.formats import parquet
from stages.formats.clips import SHARD_BYTES, Clips, batches

HELP = "audio folders and Parquet for datasets and the Hub"
NEEDS = ()
LOADING = '`huggingface/`: `load_dataset("huggingface/audiofolder")`, or `parquet` with the audio inside.'

GROUP_BYTES = 32_000_000  # of audio in a row group: what a reader takes in at once
GROUP_ROWS = 10_000
DTYPES = {int: "int64", float: "float64", str: "string"}


def columns(clips: Clips) -> dict[str, type]:
    """The columns of the clips but the path, which the audio takes the place of."""
    return {name: kind for name, kind in clips.columns.items() if name != "path"}


def features(kinds: dict[str, type]) -> str:
    """The footer's entry "huggingface": how the columns are to be read, the first as audio."""
    values = {name: {"dtype": DTYPES[kind], "_type": "Value"} for name, kind in kinds.items()}
    return json.dumps({"info": {"features": {"audio": {"_type": "Audio"}} | values}})


def audio_folder(clips: Clips, out: Path) -> None:
    """Write SPLIT/CLIP.wav and SPLIT/metadata.parquet."""
    for split in clips.splits:
        (out / split).mkdir(parents=True)
        rows = (linked(clips, row, out / split) for row in clips.rows(split))
        groups = batches(rows, lambda row: 1, GROUP_ROWS)
        parquet.write(out / split / "metadata.parquet", {"file_name": str} | columns(clips), groups, {})


def linked(clips: Clips, row: dict, folder: Path) -> dict:
    """A row with the name of its WAV, which is linked into the folder."""
    name = f"{row['clip']}.wav"
    link_or_copy(clips.wav(row), folder / name)
    return {"file_name": name} | row


def with_audio(clips: Clips, row: dict) -> dict:
    """A row with the bytes of its WAV, as Hugging Face's Audio feature stores them."""
    return {"audio": {"bytes": clips.wav(row).read_bytes(), "path": f"{row['clip']}.wav"}} | row


def embedded(clips: Clips, out: Path) -> None:
    """Write SPLIT-00000.parquet and so on, about 500 MB each."""
    kinds = columns(clips)
    schema = {"audio": {"bytes": bytes, "path": str}} | kinds
    out.mkdir()
    for split in clips.splits:
        for number, shard in enumerate(batches(clips.rows(split), clips.size, SHARD_BYTES)):
            groups = ([with_audio(clips, row) for row in group] for group in batches(shard, clips.size, GROUP_BYTES))
            parquet.write(out / f"{split}-{number:05d}.parquet", schema, groups, {"huggingface": features(kinds)})


def card_header(clips: Clips) -> dict:
    """Loading the corpus folder itself loads its Parquet files."""
    if not clips.splits:
        return {}
    files = [{"split": split, "path": f"huggingface/parquet/{split}-*.parquet"} for split in clips.splits]
    return {"configs": [{"config_name": "default", "data_files": files}]}


def write(clips: Clips, out: Path) -> None:
    """Write both layouts to the folder `out`."""
    audio_folder(clips, out / "audiofolder")
    embedded(clips, out / "parquet")
