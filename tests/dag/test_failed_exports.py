"""An export that is killed in its middle and a layout that finds no room: told, the old corpus stays, and then done."""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from runs import attempt, change, command, contents, read_csv, snakemake, write_config

from tests.conftest import ROOT

DISK_MB = 16


@pytest.fixture(scope="module")
def finished(tmp_path_factory, short_speech):
    """(config, folder) of a finished run; the corpus lies on a small disk of its own where this user may mount one."""
    folder = tmp_path_factory.mktemp("failed")
    (folder / "disk").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder / "disk")]
    mounted = subprocess.run(mount, capture_output=True).returncode == 0
    config = write_config(folder, input=str(short_speech), corpus_dir=str(folder / "disk/corpus"))
    try:
        snakemake(config)
        yield config, folder
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder / "disk")], check=True)


def clips(corpus: Path) -> set[str]:
    """The clips of a corpus, which are those of its table and no others."""
    listed = {row["path"] for row in read_csv(corpus / "clips.csv")}
    assert listed == {f"wavs/{path.name}" for path in (corpus / "wavs").iterdir()}
    return listed


def standing(corpus: Path) -> dict[str, bytes]:
    """The files of a corpus without what is being built beside them."""
    return {name: data for name, data in contents(corpus).items() if not name.startswith(".new")}


def process_of(words: str, folder: Path) -> int:
    """The process whose command has these words and names a folder."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            told = path.read_bytes().split(b"\0")
            if words.encode() in told and any(os.fsencode(folder) in word for word in told):
                return int(path.parent.name)
    raise AssertionError(f"no process of {words}")


def test_a_killed_export_leaves_the_old_corpus_and_the_next_run_makes_the_new_one(finished):
    """It waits at its folder's lock until a pipe is in the place of metadata.csv, and is killed as it reads there."""
    config, folder = finished
    corpus = folder / "disk/corpus"
    texts, before = corpus / "metadata.csv", contents(corpus)
    change(config, speaker={"voices": 0})
    with open(folder / "work/export/.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        log, deadline = folder / "work/log/export.log", time.monotonic() + 300
        log.unlink()
        with open(folder / "said.txt", "w") as said:
            run = subprocess.Popen(command(config), cwd=ROOT, stdout=said, stderr=said, start_new_session=True)
        while "waiting for another job" not in (log.read_text() if log.is_file() else ""):
            assert run.poll() is None and time.monotonic() < deadline, (folder / "said.txt").read_text()
            time.sleep(0.02)
        texts.rename(folder / "disk/metadata.csv")
        os.mkfifo(texts)
    with open(texts, "wb"):  # opened as soon as export reads it, while the new corpus is being built
        assert (corpus / ".new").is_dir()
        os.kill(process_of("stages.export", folder), signal.SIGKILL)
    texts.unlink()
    (folder / "disk/metadata.csv").rename(texts)
    assert run.wait(timeout=120)
    said = (folder / "said.txt").read_text()
    assert "failed: export" in said and "Traceback" not in said
    assert standing(corpus) == before
    kept = clips(corpus)
    assert "Nothing to be done" not in snakemake(config)
    assert clips(corpus) > kept
    assert not (corpus / ".new").exists()


def test_a_layout_without_room_is_told_by_every_run_until_there_is_room(finished):
    config, folder = finished
    disk, corpus = folder / "disk", folder / "disk/corpus"
    if not os.path.ismount(disk):
        pytest.skip("this user may not mount a small disk")
    before = contents(corpus)
    change(config, exports=["webdataset"])
    room = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize - 100_000))
    for _ in range(2):
        code, said = attempt(config)
        assert code and "make room, then run again" in said and "Nothing to be done" not in said
        assert "Traceback" not in said and standing(corpus) == before
    (disk / "ballast").unlink()
    snakemake(config)
    after = contents(corpus)
    assert any(name.startswith("webdataset/") for name in after) and not list(corpus.glob(".new*"))
    assert {name for name in before if after[name] != before[name]} <= {"README.md", "report.html"}
    assert "Nothing to be done" in snakemake(config)
