"""The corpus folder: whose it is, and that it changes as a whole."""

import json
import os

import pytest

from pipeline import corpus
from pipeline.errors import ConfigError


@pytest.fixture
def mine(tmp_path):
    return corpus.owner(tmp_path / "work", str(tmp_path / "shows"))


def build(folder, mine, text: str):
    new = corpus.begin(folder, mine)
    (new / "wavs").mkdir()
    (new / "wavs" / f"{text}.wav").write_text(text)
    for name in ("clips.csv", "metadata.csv"):
        (new / name).write_text(text)
    return new


def names(folder) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_corpus_is_replaced_as_a_whole(tmp_path, mine):
    folder = tmp_path / "corpus"
    for text in ("first", "second"):
        build(folder, mine, text)
        corpus.replace(folder, ["metadata.csv", "wavs", "clips.csv"])
        assert names(folder) == {".voxsieve", "clips.csv", "metadata.csv", f"wavs/{text}.wav"}
        assert (folder / "clips.csv").read_text() == text


def test_what_fails_while_it_is_built_leaves_the_old_one(tmp_path, mine):
    folder = tmp_path / "corpus"
    build(folder, mine, "first")
    corpus.replace(folder, ["metadata.csv", "wavs", "clips.csv"])
    build(folder, mine, "second")  # and then no more
    assert (folder / "clips.csv").read_text() == "first" and (folder / "wavs/first.wav").is_file()
    assert not list(corpus.begin(folder, mine).iterdir())


@pytest.mark.parametrize("stop", ["metadata.csv", "wavs"])
def test_at_every_moment_there_is_one_corpus_or_none(tmp_path, mine, stop):
    """Cut off in the middle, the folder has no clips.csv; the next export makes it whole."""
    folder = tmp_path / "corpus"
    build(folder, mine, "first")
    corpus.replace(folder, ["metadata.csv", "wavs", "clips.csv"])
    new = build(folder, mine, "second")
    (new / stop).rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        corpus.replace(folder, ["metadata.csv", "wavs", "clips.csv"])
    assert not (folder / "clips.csv").exists()
    build(folder, mine, "third")
    corpus.replace(folder, ["metadata.csv", "wavs", "clips.csv"])
    assert names(folder) == {".voxsieve", "clips.csv", "metadata.csv", "wavs/third.wav"}


def test_a_run_that_is_killed_while_it_deletes_old_clips_leaves_a_whole_corpus(tmp_path, mine, monkeypatch):
    folder = tmp_path / "corpus"
    build(folder, mine, "first")
    corpus.replace(folder, ["metadata.csv", "wavs", "clips.csv"])
    build(folder, mine, "second")

    def killed(path, ignore_errors):
        if path.exists():
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(corpus.shutil, "rmtree", killed)
        corpus.replace(folder, ["metadata.csv", "wavs", "clips.csv"])
    assert {(folder / name).read_text() for name in ("clips.csv", "metadata.csv", "wavs/second.wav")} == {"second"}
    build(folder, mine, "third")
    corpus.replace(folder, ["metadata.csv", "wavs", "clips.csv"])
    assert names(folder) == {".voxsieve", "clips.csv", "metadata.csv", "wavs/third.wav"}


def test_a_folder_that_is_not_ours_is_never_taken(tmp_path, mine):
    folder = tmp_path / "corpus"
    (folder / "wavs").mkdir(parents=True)
    (folder / "wavs/mine.wav").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="holds files that voxsieve did not make"):
        corpus.begin(folder, mine)
    assert names(folder) == {"wavs/mine.wav"}
    with pytest.raises(ConfigError, match="holds files that voxsieve did not make"):
        corpus.check(folder / "wavs/mine.wav", mine)
    (tmp_path / "empty").mkdir()
    corpus.check(tmp_path / "empty", mine)
    corpus.check(tmp_path / "nowhere", mine)


@pytest.mark.parametrize(("work", "given"), [("work", "other"), ("work2", "shows"), ("work2", "other")])
def test_the_corpus_of_another_configuration_is_refused(tmp_path, mine, work, given):
    folder = tmp_path / "corpus"
    build(folder, mine, "first")
    other = corpus.owner(tmp_path / work, str(tmp_path / given))
    with pytest.raises(
        ConfigError, match="holds the corpus of .*shows.*: name another corpus_dir and work_dir"
    ) as told:
        corpus.begin(folder, other)
    assert "\n" not in str(told.value)
    assert json.loads((folder / ".voxsieve").read_text()) == mine


def test_more_inputs_are_the_same_corpus_and_a_link_is_its_target(tmp_path, mine):
    folder = tmp_path / "corpus"
    build(folder, mine, "first")
    corpus.check(folder, corpus.owner(tmp_path / "work", [str(tmp_path / "more"), str(tmp_path / "shows")]))
    (tmp_path / "shows").mkdir()
    os.symlink(tmp_path / "shows", tmp_path / "link")
    corpus.check(folder, corpus.owner(tmp_path / "work", str(tmp_path / "link")))


@pytest.mark.parametrize("marker", ["", "{", '{"layout": 1}', "[]"])
def test_the_corpus_of_an_earlier_version_is_refused(tmp_path, mine, marker):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / ".voxsieve").write_text(marker)
    (folder / "clips.csv").write_text("clip\n")
    with pytest.raises(ConfigError, match="made by an earlier version"):
        corpus.begin(folder, mine)
    assert (folder / "clips.csv").read_text() == "clip\n"


def test_a_marker_that_may_not_be_read_is_no_earlier_version(tmp_path, mine, monkeypatch):
    build(tmp_path / "corpus", mine, "first")

    def denied(self, **how):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.read_text", denied)
    with pytest.raises(PermissionError):
        corpus.check(tmp_path / "corpus", mine)
