"""The exports: every format read back, by its consumer's own library where it has one.

Reading back wants the environment of envs/consumers.in: VOXSIEVE_ENV_CONSUMERS names its python.
"""

import csv
import json
import os
import subprocess
import zlib
from pathlib import Path

import pytest
import soundfile
from small_corpus import RATE, make_corpus, run

from stages import formats
from stages.formats.layouts import huggingface, kaldi, webdataset
from stages.formats.splits import NAMES

CONSUMERS = "ljspeech audiofolder parquet card lhotse kaldi webdataset".split()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """(corpus folder with all formats in small shards, its rows)."""
    corpus = tmp_path_factory.mktemp("exports") / "corpus"
    rows = make_corpus(corpus)
    with pytest.MonkeyPatch.context() as patch:
        for module in (huggingface, webdataset):
            patch.setattr(module, "SHARD_BYTES", 100_000)
        patch.setattr(huggingface, "GROUP_BYTES", 40_000)
        patch.setattr(huggingface, "GROUP_ROWS", 7)
        run(corpus, *(f"--format={name}" for name in formats.FORMATS), '--settings={"engine": "onnx"}')
    return corpus, rows


def expected(corpus: Path, row: dict) -> list:
    """[samples, CRC-32 of the 16-bit samples] of a clip."""
    signal, _ = soundfile.read(corpus / row["path"], dtype="int16")
    return [len(signal), zlib.crc32(signal.tobytes())]


def test_no_recording_in_two_splits_and_every_split_there(exported):
    _, rows = exported
    of = {}
    for row in rows:
        of.setdefault(row["recording"], set()).add(row["split"])
    assert all(len(splits) == 1 for splits in of.values())
    assert {row["split"] for row in rows} == set(NAMES)


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_the_consumers_own_library_reads_every_clip(exported, consumer, tmp_path):
    python = os.environ.get("VOXSIEVE_ENV_CONSUMERS")
    if not python:
        pytest.skip("VOXSIEVE_ENV_CONSUMERS names no python with envs/consumers.in")
    corpus, rows = exported
    command = [python, str(Path(__file__).parent / "read_exports.py"), consumer]
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    answer = subprocess.run(command, cwd=corpus, env=environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-3000:]
    found = json.loads(answer.stdout)
    assert sum(map(len, found.values())) == len(rows)
    for row in rows:
        name = kaldi.utterance_id(row) if consumer == "kaldi" else row["clip"]
        samples, crc, said = found["all" if consumer == "ljspeech" else row["split"]][name]
        assert [samples, crc] == expected(corpus, row)
        if consumer == "kaldi":
            assert said == {"speaker": kaldi.speaker_id(row["speaker"])}
        elif consumer == "ljspeech":
            assert said == {"text": ""}
        elif consumer == "lhotse":
            left_out = ("clip", "path", "sample_rate", "duration")
            assert said == {"text": None} | {key: value for key, value in row.items() if key not in left_out}
        else:
            assert said == {key: value for key, value in row.items() if key != "path"}


def test_nemo_finds_the_audio_from_the_manifest(exported):
    corpus, rows = exported
    for split in NAMES:
        lines = (corpus / "nemo" / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        wanted = [row for row in rows if row["split"] == split]
        for line, row in zip(lines, wanted, strict=True):
            said = json.loads(line)
            audio = corpus / "nemo" / said.pop("audio_filepath")
            assert audio.resolve() == (corpus / row["path"]).resolve()
            assert said.pop("text") == ""
            assert said.pop("duration") == expected(corpus, row)[0] / RATE
            assert said == {key: value for key, value in row.items() if key not in ("path", "duration")}


def test_kaldi_folders_pass_the_checks_of_validate_data_dir(exported):
    corpus, rows = exported
    environment = os.environ | {"LC_ALL": "C"}
    for split in NAMES:
        folder = corpus / "kaldi" / split
        text = {name: (folder / name).read_bytes() for name in "wav.scp utt2spk spk2utt utt2dur reco2dur".split()}
        ids = {name: [line.split()[0] for line in data.splitlines()] for name, data in text.items()}
        assert all(data.endswith(b"\n") and sorted(set(ids[name])) == ids[name] for name, data in text.items())
        assert ids["wav.scp"] == ids["utt2spk"] == ids["utt2dur"] == ids["reco2dur"]
        by_speaker = subprocess.run(["sort", "-k2", folder / "utt2spk"], env=environment, capture_output=True).stdout
        assert by_speaker == text["utt2spk"]
        pairs = [line.split() for line in text["utt2spk"].splitlines()]
        wide = [(name, speaker) for speaker, *names in map(bytes.split, text["spk2utt"].splitlines()) for name in names]
        assert sorted(wide) == [tuple(pair) for pair in pairs]
        assert len(pairs) == sum(row["split"] == split for row in rows)
        assert all(float(line.split()[1]) > 0 for line in text["utt2dur"].splitlines())
        assert all((corpus / line.split()[1].decode()).is_file() for line in text["wav.scp"].splitlines())


def test_kaldi_ids_keep_speakers_apart_and_in_order():
    names = ["a", "a-b", "a b", "a.b", "a_b", "a~2db", "a%", "김", "A"]
    ids = sorted(map(kaldi.speaker_id, names))
    assert len(set(ids)) == len(names) and all(one.isascii() and one.split() == [one] for one in ids)
    assert sorted(f"{one}-r000000_000000" for one in ids) == [f"{one}-r000000_000000" for one in ids]


def test_layouts_without_room_for_provenance_carry_clips_csv(exported):
    corpus, rows = exported
    for place in ("ljspeech", "kaldi"):
        with open(corpus / place / "clips.csv", encoding="utf-8", newline="") as lines:
            told = list(csv.DictReader(lines))
        for key in ("clip", "source", "url", "licence", "split", "speaker", "title"):
            assert [row[key] for row in told] == [row[key] for row in rows]


def test_audio_is_shared_not_copied(exported):
    corpus, rows = exported
    for row in rows:
        name = f"{row['clip']}.wav"
        for place in ("ljspeech/wavs", f"huggingface/audiofolder/{row['split']}"):
            assert os.path.samefile(corpus / place / name, corpus / row["path"])
