"""Reads a layout with its consumer's own library and prints what that gives, as JSON: for test_exports.py.

    cd CORPUS && PYTHON_OF_ENVS_CONSUMERS read_exports.py CONSUMER

Every reader gives {split: {clip: [samples, CRC-32 of the 16-bit samples, what the layout says of the clip]}}.
"""

import io
import json
import sys
import zlib
from pathlib import Path


def digest_of_file(source) -> list:
    """[samples, CRC-32] of a sound file."""
    import soundfile

    return digest(soundfile.read(source, dtype="int16")[0])


def digest(signal) -> list:
    return [len(signal), zlib.crc32(signal.tobytes())]


def ljspeech() -> dict:
    """By Lhotse's reader of LJSpeech."""
    from lhotse.recipes import prepare_ljspeech

    parts = prepare_ljspeech("ljspeech")
    files = {recording.id: recording.sources[0].source for recording in parts["recordings"]}
    texts = {segment.recording_id: {"text": segment.text} | segment.custom for segment in parts["supervisions"]}
    return {"all": {clip: [*digest_of_file(path), texts[clip]] for clip, path in files.items()}}


def huggingface(folder: str) -> dict:
    """By load_dataset. Audio(decode=False): datasets itself would decode by librosa, which is heavy."""
    from datasets import Audio, load_dataset

    loaded = load_dataset(str(Path(folder).resolve()))
    clips = {}
    for split, rows in loaded.items():
        assert isinstance(rows.features["audio"], Audio)
        clips[split] = {}
        for row in rows.cast_column("audio", Audio(decode=False)):
            audio = row.pop("audio")
            source = io.BytesIO(audio["bytes"]) if audio["bytes"] else audio["path"]
            clips[split][row["clip"]] = [*digest_of_file(source), row]
    return clips


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

    clips = {}
    for split in splits_of(".jsonl.gz", "lhotse"):
        recordings = RecordingSet.from_file(f"lhotse/recordings_{split}.jsonl.gz")
        supervisions = SupervisionSet.from_file(f"lhotse/supervisions_{split}.jsonl.gz")
        cuts = CutSet.from_file(f"lhotse/cuts_{split}.jsonl.gz")
        for manifest in (recordings, supervisions, cuts):
            validate(manifest.to_eager(), read_data=True)
        validate_recordings_and_supervisions(recordings.to_eager(), supervisions.to_eager())
        clips[split] = {}
        for cut in cuts:
            signal = (cut.load_audio()[0] * 32768).round().astype("int16")
            (segment,) = cut.supervisions
            said = {"speaker": segment.speaker, "text": segment.text} | segment.custom
            clips[split][cut.id] = [*digest(signal), said]
    return clips


def kaldi() -> dict:
    """By Lhotse's reader of Kaldi's data folders."""
    from lhotse.kaldi import load_kaldi_data_dir

    clips = {}
    for folder in sorted(Path("kaldi").glob("*/")):
        recordings, segments, _ = load_kaldi_data_dir(folder, sampling_rate=22050)
        texts = {segment.id: segment.text for segment in segments or ()}
        speakers = dict(line.split() for line in (folder / "utt2spk").read_text().splitlines())
        signals = {
            recording.id: (recording.load_audio()[0] * 32768).round().astype("int16") for recording in recordings
        }
        assert signals.keys() == speakers.keys()
        clips[folder.name] = {
            name: [*digest(signal), {"speaker": speakers[name], "text": texts.get(name)}]
            for name, signal in signals.items()
        }
    return clips


def webdataset() -> dict:
    import webdataset as wds

    clips = {}
    for path in sorted(Path("webdataset").glob("*.tar")):
        for sample in wds.WebDataset(str(path), shardshuffle=False).decode():
            said = sample["json"] | {"txt": sample.get("txt")}
            heard = [*digest_of_file(io.BytesIO(sample["wav"])), said]
            clips.setdefault(path.name.split("-")[0], {})[sample["__key__"]] = heard
    return clips


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]]()))
