"""A finished corpus that is damaged, or whose next export fails: the plain command makes it whole, and says so."""

import json
import os
import shutil

import pytest
from runs import attempt, change, contents, jobs_of, read_csv, snakemake, write_config


@pytest.fixture(scope="module")
def finished(tmp_path_factory, short_speech):
    """(config, folder, corpus) of a run whose work_dir lies below a link to a folder at another depth."""
    folder = tmp_path_factory.mktemp("mended")
    (folder / "a/b/c").mkdir(parents=True)
    os.symlink(folder / "a/b/c", folder / "link")
    voice = folder / "voice.wav"
    shutil.copy(short_speech / "talk.wav", voice)
    config = write_config(folder, input=str(short_speech), work_dir=str(folder / "link/work"))
    snakemake(config)
    return config, folder, contents(folder / "corpus")


def test_a_work_folder_below_a_link_is_found_by_the_kernel(finished):
    _, folder, _ = finished
    assert read_csv(folder / "corpus/clips.csv") and (folder / "a/b/c/work/normalize").is_dir()
    rejects = read_csv(folder / "corpus/rejects.csv")
    assert {row["source"] for row in rejects if row["stage"] in ("index", "separate")} == {"talk.wav", "text.mp3"}


def test_a_clip_cut_in_its_hard_link_and_torn_tables_are_made_again_by_one_run(finished):
    config, folder, corpus = finished
    wav = next(path for path in (folder / "corpus/wavs").iterdir())
    assert wav.stat().st_nlink == 2  # the work folder's file is cut as well
    os.truncate(wav, 1000)
    os.truncate(folder / "corpus/rejects.csv", 10)
    (folder / "link/work/index/ids.json").write_text('{"a": ')
    os.truncate(folder / "link/work/select/manifest.jsonl", 20)
    said = snakemake(config)
    for stage in ("normalize, s0000", "index", "select", "export"):
        assert f"{stage}: " in said
    assert contents(folder / "corpus") == corpus
    (folder / "link/work/index/shards.json").write_text('{"shards": ["s00')
    snakemake(config)
    assert contents(folder / "corpus") == corpus
    assert "Nothing to be done" in snakemake(config)


def test_an_account_that_does_not_add_up_is_told_by_every_run_until_it_does(finished):
    """As many bytes as before, so that only the account itself can tell."""
    config, folder, corpus = finished
    rejects = folder / "link/work/slice/s0000/rejects.jsonl"
    text = rejects.read_text()
    row = json.loads(text.splitlines()[0])
    end = f'"end": {row["end"]}'
    rejects.write_text(text.replace(end, end[:-1] + ("1" if end[-1] == "0" else "0"), 1))
    code, said = attempt(config, "-R", "export")
    assert code and "do not add up" in said and "Traceback" not in said
    code, said = attempt(config)
    assert code and "do not add up" in said and "Nothing to be done" not in said
    assert contents(folder / "corpus") == corpus
    rejects.write_text(text)
    snakemake(config)
    assert contents(folder / "corpus") == corpus


def test_references_that_were_found_stay_where_they_are_put_and_serve_as_targets(finished):
    config, folder, _ = finished
    place = folder / "link/work/speaker/references/voice1"
    clips = contents(place)
    change(config, speaker={"targets": {"ann": str(place)}})
    snakemake(config)
    assert contents(place) == clips and {row["speaker"] for row in read_csv(folder / "corpus/clips.csv")} == {"ann"}
    assert "Nothing to be done" in snakemake(config)


def test_a_reference_with_an_older_date_is_another_reference(finished):
    """As by `cp -p`: of the same name and size, and older than everything that was made of it."""
    config, folder, _ = finished
    voice = folder / "voice.wav"
    change(config, speaker={"targets": {"ann": str(voice)}})
    snakemake(config, "--until", "reference")
    assert "reference" not in jobs_of(snakemake(config, "-n"))
    status, data = voice.stat(), bytearray(voice.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    voice.write_bytes(data)
    os.utime(voice, ns=(status.st_atime_ns, status.st_mtime_ns - 10**15))
    assert "reference" in jobs_of(snakemake(config, "-n"))
