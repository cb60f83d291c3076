"""Reads an export with its consumer's own library and prints what it found, as JSON: for test_exports.py.

    cd CORPUS && PYTHON_OF_ENVS_CONSUMERS read_exports.py FORMAT

Every reader gives {split: {clip: [samples, CRC-32 of the 16-bit samples, what the format says of the clip]}}.
"""

import io
import json
import sys
import zlib
from pathlib import Path


def heard(source) -> list:
    """[samples, CRC-32] of a sound file."""
    import soundfile

    return told(soundfile.read(source, dtype="int16")[0])


def told(signal) -> list:
    return [len(signal), zlib.crc32(signal.tobytes())]


def ljspeech() -> dict:
    """By Lhotse's reader of LJSpeech."""
    from lhotse.recipes import prepare_ljspeech

    parts = prepare_ljspeech("ljspeech")
    files = {one.id: one.sources[0].source for one in parts["recordings"]}
    texts = {one.recording_id: {"text": one.text} for one in parts["supervisions"]}
    return {"all": {clip: [*heard(path), texts[clip]] for clip, path in files.items()}}


def huggingface(folder: str) -> dict:
    """By load_dataset. Audio(decode=False): datasets itself would decode by librosa, which is heavy."""
    from datasets import Audio, load_dataset

    loaded = load_dataset(str(Path(folder).resolve()))
    found = {}
    for split, rows in loaded.items():
        assert isinstance(rows.features["audio"], Audio)
        found[split] = {}
        for row in rows.cast_column("audio", Audio(decode=False)):
            audio = row.pop("audio")
            found[split][row["clip"]] = [*heard(io.BytesIO(audio["bytes"]) if audio["bytes"] else audio["path"]), row]
    return found


def audiofolder() -> dict:
    return huggingface("huggingface/audiofolder")


def parquet() -> dict:
    return huggingface("huggingface/parquet")


def card() -> dict:
    """The corpus folder itself: its README.md leads to the Parquet files."""
    from huggingface_hub import DatasetCard

    header = DatasetCard.load("README.md").data.to_dict()
    assert header["task_categories"] == ["text-to-speech"] and header["license"] in ("other", "unknown"), header
    return huggingface(".")


def splits_of(suffix: str, folder: str) -> list[str]:
    names = {path.name.removesuffix(suffix).split("_")[-1].split("-")[0] for path in Path(folder).glob(f"*{suffix}")}
    return sorted(names)


def lhotse() -> dict:
    """Whole manifests, validated together and with their audio."""
    from lhotse import CutSet, RecordingSet, SupervisionSet, validate, validate_recordings_and_supervisions

    found = {}
    for split in splits_of(".jsonl.gz", "lhotse"):
        recordings = RecordingSet.from_file(f"lhotse/recordings_{split}.jsonl.gz")
        supervisions = SupervisionSet.from_file(f"lhotse/supervisions_{split}.jsonl.gz")
        cuts = CutSet.from_file(f"lhotse/cuts_{split}.jsonl.gz")
        for manifest in (recordings, supervisions, cuts):
            validate(manifest.to_eager(), read_data=True)
        validate_recordings_and_supervisions(recordings.to_eager(), supervisions.to_eager())
        found[split] = {}
        for cut in cuts:
            signal = (cut.load_audio()[0] * 32768).round().astype("int16")
            (said,) = cut.supervisions
            found[split][cut.id] = [*told(signal), {"speaker": said.speaker, "text": said.text} | said.custom]
    return found


def kaldi() -> dict:
    """By Lhotse's reader of Kaldi's data folders."""
    from lhotse.kaldi import load_kaldi_data_dir

    found = {}
    for folder in sorted(Path("kaldi").glob("*/")):
        recordings, _, _ = load_kaldi_data_dir(folder, sampling_rate=22050)
        speakers = dict(line.split() for line in (folder / "utt2spk").read_text().splitlines())
        signals = {one.id: (one.load_audio()[0] * 32768).round().astype("int16") for one in recordings}
        assert signals.keys() == speakers.keys()
        found[folder.name] = {name: [*told(signal), {"speaker": speakers[name]}] for name, signal in signals.items()}
    return found


def webdataset() -> dict:
    import webdataset as wds

    found = {}
    for path in sorted(Path("webdataset").glob("*.tar")):
        samples = wds.WebDataset(str(path), shardshuffle=False).decode()
        read = {one["__key__"]: [*heard(io.BytesIO(one["wav"])), one["json"]] for one in samples}
        found.setdefault(path.name.split("-")[0], {}).update(read)
    return found


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]]()))
