"""The layouts: every one read back, by its consumer's own library where it has one.

Reading back wants the environment of envs/consumers.in: VOXSIEVE_ENV_CONSUMERS names its python.
"""

import importlib
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import soundfile
from small_corpus import ALL, RATE, make_corpus, run

from pipeline import config, config_file, flags, registry, tables
from stages.formats import layouts
from stages.formats import settings as formats_settings
from stages.formats.layouts import huggingface, kaldi, webdataset
from stages.formats.splits import NAMES, VALIDATION

CONSUMERS = "ljspeech audiofolder parquet card lhotse kaldi webdataset".split()
TEXTS = ("text", "text_normalized")


@pytest.fixture(scope="module", params=[False, True], ids=["without texts", "with texts"])
def exported(request, tmp_path_factory):
    """(corpus folder with all layouts in small shards, its rows)."""
    corpus = tmp_path_factory.mktemp("exports") / "corpus"
    rows = make_corpus(corpus, with_texts=request.param)
    with pytest.MonkeyPatch.context() as patch:
        for module in (huggingface, webdataset):
            patch.setattr(module, "SHARD_BYTES", 100_000)
        patch.setattr(huggingface, "GROUP_BYTES", 40_000)
        patch.setattr(huggingface, "GROUP_ROWS", 7)
        run(corpus, *ALL)
    return corpus, rows


def expected(corpus: Path, row: dict) -> list:
    """[samples, CRC-32 of the 16-bit samples] of a clip."""
    signal, _ = soundfile.read(corpus / row["path"], dtype="int16")
    return [len(signal), zlib.crc32(signal.tobytes())]


def without(row: dict, *names: str) -> dict:
    return {name: value for name, value in row.items() if name not in names}


def known_texts(row: dict) -> dict:
    """The texts of a row that are not empty."""
    return {name: row[name] for name in TEXTS if row.get(name)}


def kaldi_text(row: dict) -> str:
    """What Kaldi's `text` says: normalized where it can be, with single spaces."""
    return " ".join((row.get("text_normalized") or row.get("text", "")).split())


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
    clips = json.loads(answer.stdout)
    assert sum(map(len, clips.values())) == len(rows)
    for row in rows:
        name = kaldi.utterance_id(row) if consumer == "kaldi" else row["clip"]
        samples, crc, said = clips["all" if consumer == "ljspeech" else row["split"]][name]
        assert [samples, crc] == expected(corpus, row)
        if consumer == "kaldi":
            text = kaldi_text(row) if row["split"] == VALIDATION and "text" in row else None
            assert said == {"speaker": kaldi.speaker_id(row["speaker"]), "text": text}
        elif consumer == "ljspeech":
            assert said == {"text": row.get("text", ""), "normalized_text": row.get("text_normalized", "")}
        elif consumer == "lhotse":
            wanted = without(row, "clip", "path", "sample_rate", "duration", *TEXTS)
            if row.get("text_normalized"):
                wanted["normalized_text"] = row["text_normalized"]
            assert said == wanted | {"text": row.get("text") or None}
        elif consumer == "webdataset":
            assert said == without(row, "path", *TEXTS) | known_texts(row) | {"txt": row.get("text") or None}
        else:
            assert said == without(row, "path")


def test_nemo_finds_the_audio_from_the_manifest(exported):
    corpus, rows = exported
    for split in NAMES:
        lines = (corpus / "nemo" / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        wanted = [row for row in rows if row["split"] == split]
        for line, row in zip(lines, wanted, strict=True):
            said = json.loads(line)
            audio = corpus / "nemo" / said.pop("audio_filepath")
            assert audio.resolve() == (corpus / row["path"]).resolve()
            assert said.pop("text") == row.get("text", "")
            assert said.pop("normalized_text", "") == row.get("text_normalized", "")
            assert said.pop("duration") == expected(corpus, row)[0] / RATE
            assert said == without(row, "path", "duration", *TEXTS)


def test_kaldi_folders_pass_the_checks_of_validate_data_dir(exported):
    corpus, rows = exported
    environment = os.environ | {"LC_ALL": "C"}
    for split in NAMES:
        folder = corpus / "kaldi" / split
        names = "wav.scp utt2spk spk2utt utt2dur reco2dur".split()
        if split == VALIDATION and "text" in rows[0]:  # the one split of which every clip has a text
            names.append("text")
        assert {path.name for path in folder.iterdir()} == set(names)
        data = {name: (folder / name).read_bytes() for name in names}
        ids = {name: [line.split()[0] for line in data[name].splitlines()] for name in names}
        assert all(data[name].endswith(b"\n") and sorted(set(ids[name])) == ids[name] for name in names)
        assert all(ids[name] == ids["utt2spk"] for name in names if name != "spk2utt")
        by_speaker = subprocess.run(["sort", "-k2", folder / "utt2spk"], env=environment, capture_output=True).stdout
        assert by_speaker == data["utt2spk"]
        pairs = [line.split() for line in data["utt2spk"].splitlines()]
        wide = [(name, speaker) for speaker, *ids in map(bytes.split, data["spk2utt"].splitlines()) for name in ids]
        assert sorted(wide) == [tuple(pair) for pair in pairs]
        assert len(pairs) == sum(row["split"] == split for row in rows)
        assert all(float(line.split()[1]) > 0 for line in data["utt2dur"].splitlines())
        assert all((corpus / line.split()[1].decode()).is_file() for line in data["wav.scp"].splitlines())
        for line in data.get("text", b"").decode().splitlines():
            assert len(line.split()) > 1 and line == " ".join(line.split())


def test_kaldi_ids_keep_speakers_apart_and_in_order():
    names = ["a", "a-b", "a b", "a.b", "a_b", "a~2db", "a%", "김", "A"]
    ids = sorted(map(kaldi.speaker_id, names))
    assert len(set(ids)) == len(names) and all(name.isascii() and name.split() == [name] for name in ids)
    assert sorted(f"{name}-r000000_000000" for name in ids) == [f"{name}-r000000_000000" for name in ids]


def test_layouts_without_room_for_provenance_carry_clips_csv(exported):
    corpus, rows = exported
    for place in ("ljspeech", "kaldi"):
        table = tables.read(corpus / place / "clips.csv")
        for key in ("clip", "source", "url", "licence", "split", "speaker", "title"):
            assert table[key].tolist() == [row[key] for row in rows]
    if "text" in rows[0]:
        assert table["text"].tolist() == [row["text"] for row in rows]


def test_audio_is_shared_not_copied(exported):
    corpus, rows = exported
    for row in rows:
        name = f"{row['clip']}.wav"
        for place in ("ljspeech/wavs", f"huggingface/audiofolder/{row['split']}"):
            assert os.path.samefile(corpus / place / name, corpus / row["path"])


LISTING = """
HELP = "a list of clips"
NEEDS = ("speaker",)
LOADING = "`listing/`: a name per line."

def write(clips, out):
    (out / "clips.txt").write_text("".join(f"{row['clip']}\\n" for row in clips.rows()))
"""


def look_again() -> None:
    """Forget which layouts there are."""
    for known in (layouts.known, registry.stages, config.model, flags.model):
        known.cache_clear()
    importlib.reload(formats_settings)


def test_a_new_layout_is_one_new_module(tmp_path, monkeypatch):
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / "listing.py").write_text(LISTING)
    rows = make_corpus(tmp_path / "corpus")
    with monkeypatch.context() as patch:
        patch.setattr(layouts, "__path__", [*layouts.__path__, str(tmp_path / "layouts")])
        look_again()
        run(tmp_path / "corpus", "listing")
        assert "listing (a list of clips)" in " ".join(config_file.text(config.model()).split())
    sys.modules.pop("stages.formats.layouts.listing")
    look_again()
    listed = (tmp_path / "corpus" / "listing" / "clips.txt").read_text().split()
    assert listed == [row["clip"] for row in rows]
    assert "- `listing/`: a name per line." in (tmp_path / "corpus" / "README.md").read_text()
