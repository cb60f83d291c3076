"""What a job wrote is vouched for: what is gone or changed is noticed, forgotten, and made again."""

import json
import os

import pytest

from pipeline import corpus, manifest, registry, verify, vouch, workfolder

SHARD = "s0000"


@pytest.fixture
def work(tmp_path):
    """A work folder with a result of every stage, and the corpus beside it."""
    place = tmp_path / "corpus"
    (place / corpus.WAVS).mkdir(parents=True)
    (place / corpus.WAVS / "a.wav").write_bytes(b"clip")
    (place / corpus.CLIPS).write_text("clip\na\n")
    (tmp_path / "work").mkdir()
    (tmp_path / "work/.lock").touch()
    manifest.write_text(tmp_path / "work/index/shards.json", json.dumps({"shards": [SHARD]}))
    for name, stage in registry.stages().items():
        folder = tmp_path / "work" / name / (SHARD if stage.unit == "shard" else "")
        with vouch.alone(folder):
            for result in stage.results:
                if not (folder / result).exists():
                    (folder / result).write_text("")
            (folder / "facts.npz").write_bytes(b"facts")
            if corpus.RECORD in stage.results:
                corpus.record(folder, place, [corpus.CLIPS, corpus.WAVS])
    (tmp_path / "work/normalize" / SHARD / "a.wav").write_bytes(b"clip")
    row = {"id": "a", "path": f"normalize/{SHARD}/a.wav"}
    manifest.write_text(tmp_path / "work/select/manifest.jsonl", json.dumps(row) + "\n")
    for stage in ("normalize/" + SHARD, "select"):
        vouch.write(tmp_path / "work" / stage)
    return tmp_path / "work"


def everything(work) -> list[str]:
    return verify.check_work(work) + verify.check_corpus(work, work.parent / "corpus")


def test_what_is_as_it_was_is_left_alone(work):
    assert not workfolder.forget_what_is_gone(work) and not everything(work)


STAGES = {name: stage.results[0] for name, stage in registry.stages().items()}


def folder_of(work, stage: str):
    return work / stage / (SHARD if registry.stages()[stage].unit == "shard" else "")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ["facts.npz", "result"])
def test_a_file_of_another_size_or_that_is_gone_is_noticed_by_every_run(work, stage, name):
    folder = folder_of(work, stage)
    (folder / "facts.npz").unlink() if name == "facts.npz" else (folder / STAGES[stage]).write_text("torn")
    (said,) = workfolder.forget_what_is_gone(work)
    assert said.startswith(stage) and "made again" in said
    assert not (folder / STAGES[stage]).exists()
    assert not workfolder.forget_what_is_gone(work)


@pytest.mark.parametrize("stage", STAGES)
def test_a_byte_that_flips_is_found_by_verify_which_makes_room_for_a_new_file(work, stage):
    path = folder_of(work, stage) / "facts.npz"
    path.write_bytes(b"fasts")
    assert not workfolder.forget_what_is_gone(work)  # as many files and bytes
    assert everything(work) == [f"{path} is not as it was written"]
    assert not path.exists() and not (path.parent / STAGES[stage]).exists()


@pytest.mark.parametrize("listing", [b"", b"torn", b"0\tx\tfacts.npz\n", b"\xff\n", b"0\t1\t../../mine.txt\n"])
def test_a_listing_that_is_torn_vouches_for_nothing_and_costs_nobody_a_file(work, listing):
    (work / "mine.txt").write_text("mine")
    (work / "slice" / SHARD / vouch.LISTING).write_bytes(listing)
    assert everything(work)
    assert not (work / "slice" / SHARD / "manifest.jsonl").exists()
    assert (work / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["clips.csv", "wavs/a.wav"])
def test_the_corpus_is_compared_too(work, name):
    path = work.parent / "corpus" / name
    os.truncate(path, 2)
    assert [said.partition(":")[0] for said in workfolder.forget_what_is_gone(work)] == ["export", "formats", "report"]


@pytest.mark.parametrize("name", ["clips.csv", "wavs/a.wav"])
def test_a_byte_of_the_corpus_that_flips_is_found_by_verify(work, name):
    path = work.parent / "corpus" / name
    path.write_bytes(path.read_bytes().replace(b"cl", b"lc"))
    assert not workfolder.forget_what_is_gone(work)
    assert {said.partition(" is not")[0] for said in everything(work)} == {str(path)}
    assert not (work / "export/corpus.json").exists()


def test_a_job_that_fails_vouches_for_nothing(tmp_path):
    vouch.write(tmp_path)
    assert vouch.is_whole(tmp_path)
    with pytest.raises(ZeroDivisionError), vouch.alone(tmp_path):
        1 / 0  # noqa: B018
    assert not vouch.is_whole(tmp_path)


def test_a_cut_listing_is_seen_by_every_run(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    vouch.write(tmp_path)
    assert vouch.is_whole(tmp_path)
    listing = tmp_path / vouch.LISTING
    listing.write_text(listing.read_text()[:20])
    assert not vouch.is_whole(tmp_path)
