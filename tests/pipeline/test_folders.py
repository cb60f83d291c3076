"""Which folders may lie in which: nothing that is written is ever read as a source, however it is nested or linked."""

import json
import os
import subprocess
import sys

import pytest

from pipeline import config, folders
from pipeline.errors import ConfigError
from tests.conftest import ROOT, bound


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Folders to choose from: shows with a recording, and its neighbours."""
    monkeypatch.chdir(tmp_path)
    for name in ("shows/2024", "elsewhere", "work/speaker/references", "corpus/wavs", "downloads"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "shows/2024/a.wav").touch()
    (tmp_path / "work/speaker/references/a.wav").touch()
    os.symlink(tmp_path / "shows", tmp_path / "to shows")
    os.symlink(tmp_path / "work", tmp_path / "to work")
    return tmp_path


def check(**settings) -> None:
    folders.check(config.load(settings))


def test_folders_side_by_side_are_taken(here):
    check(input="shows")
    check(input=["shows/2024", "shows/2024/a.wav"], work_dir="shows/work", corpus_dir="shows/corpus")
    check(sources=[{"folder": "shows"}])
    check(input="shows", speaker={"targets": {"ann": "elsewhere"}})
    check(input=str(here), work_dir="../work", corpus_dir="../corpus", decisions="../decisions")


PLACES = ["shows/work", "shows/2024/deep/work", "shows", "to shows/work", "../{name}/shows/work"]


@pytest.mark.parametrize("key", ["work_dir", "corpus_dir"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "given", [{"input": "shows"}, {"input": ["elsewhere", "shows"]}, {"sources": [{"folder": "shows"}]}]
)
def test_what_is_written_lies_in_nothing_that_is_read(here, key, place, given):
    with pytest.raises(ConfigError, match=f"{key}.*(lies inside|which is written anew)") as told:
        check(**given, **{key: place.format(name=here.name)})
    assert "\n" not in str(told.value)


def test_downloads_lie_in_no_source_folder(here):
    with pytest.raises(ConfigError, match="downloads_dir: 'shows/got' lies inside the source folder, 'shows'"):
        check(sources=[{"folder": "shows"}], downloads_dir="shows/got")
    check(input="shows", downloads_dir="shows/got")  # without sources nothing is brought in


INPUT = {"input": "{}"}
TARGET = {"speaker": {"targets": {"ann": "{}"}}, "input": "shows"}


def filled(settings, path: str):
    """Settings with `path` in the place of {}."""
    if isinstance(settings, dict):
        return {key: filled(value, path) for key, value in settings.items()}
    return settings.format(path)


@pytest.mark.parametrize("inside", ["work/speaker", "to work/speaker", "work/separate/a.wav", "corpus/wavs"])
@pytest.mark.parametrize("given", [INPUT, TARGET])
def test_nothing_that_is_read_lies_in_what_is_written(here, inside, given):
    (here / "work/separate").mkdir()
    (here / "work/separate/a.wav").touch()
    with pytest.raises(ConfigError, match="lies inside .*, '(work|corpus)', which is written anew: copy it elsewhere"):
        check(**filled(given, inside))
    with pytest.raises(ConfigError, match="work_dir: 'work' lies inside .*, 'to work': choose a place outside"):
        check(**filled(given, "to work"))


@pytest.mark.parametrize("inside", ["work/speaker/references", "work/speaker/references/a.wav"])
def test_clips_of_voices_that_were_found_may_be_references_and_nothing_else(here, inside):
    check(**filled(TARGET, inside))
    for given in (INPUT, {"sources": [{"folder": str(here / inside)}]}):
        with pytest.raises(ConfigError, match="which is written anew: copy it elsewhere"):
            check(**(filled(given, inside) if given is INPUT else given))


@pytest.mark.parametrize("source", ["corpus", "corpus/wavs", "work/speaker", "downloads"])
def test_no_source_lies_in_what_is_written(here, source):
    with pytest.raises(ConfigError, match="the source folder"):
        check(sources=[{"folder": source}])


@pytest.mark.parametrize("target", ["work", "corpus/wavs", "."])
@pytest.mark.parametrize("given", [{"input": "shows"}, {"sources": [{"folder": "shows"}]}])
def test_a_link_inside_a_source_that_leads_to_what_is_written_is_seen(here, target, given):
    os.symlink(here / target, here / "shows/2024/link")
    with pytest.raises(ConfigError, match="(lies inside|which is written anew)"):
        check(**given)


def test_links_that_lead_elsewhere_or_round_in_a_circle_are_no_fault(here):
    os.symlink(here / "shows", here / "shows/2024/again")
    os.symlink(here / "elsewhere", here / "shows/other")
    os.symlink(here / "nowhere", here / "shows/nothing")
    check(input="shows")


@pytest.mark.parametrize("line", ["shows", "work/speaker/references"])
def test_a_list_stands_for_what_it_names(here, line):
    (here / "list.txt").write_text(f"# mine\n{line}\n")
    with pytest.raises(ConfigError, match="(lies inside input|which is written anew)"):
        check(input="list.txt", work_dir="shows/work" if line == "shows" else "work")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"corpus_dir": "work"}, "work_dir and corpus_dir are the same folder"),
        ({"corpus_dir": "to work"}, "are the same folder"),
        ({"corpus_dir": "work/corpus"}, "corpus_dir: 'work/corpus' lies inside work_dir"),
        ({"corpus_dir": "to work/corpus"}, "corpus_dir: 'to work/corpus' lies inside work_dir"),
        ({"work_dir": "corpus/work"}, "work_dir: 'corpus/work' lies inside corpus_dir"),
        (
            {"sources": [{"folder": "shows"}], "downloads_dir": "work/got"},
            "downloads_dir: 'work/got' lies inside work_dir",
        ),
        ({"sources": [{"folder": "shows"}], "work_dir": "downloads/work"}, "work_dir: .* lies inside downloads_dir"),
    ],
)
def test_what_is_written_is_kept_apart(here, settings, said):
    with pytest.raises(ConfigError, match=said):
        check(**{"input": "shows"} | settings)


CHECK = """
import sys
from pipeline import config, folders
folders.check(config.load({"input": "shows", "work_dir": "new/work", "corpus_dir": "theirs/corpus"}))
"""


@pytest.mark.parametrize("closed", ["theirs", "new", "."])
def test_the_folder_of_another_user_is_told_before_any_job(here, closed):
    """As one who runs what another has installed: the folder, its owner and this user are named."""
    for name in ("theirs", "new"):
        (here / name).mkdir()
    os.chmod(here / closed, 0o555)
    command = [*bound(), sys.executable, "-c", CHECK]
    answer = subprocess.run(command, cwd=here, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})
    os.chmod(here / closed, 0o755)
    said = answer.stderr.splitlines()[-1]
    assert f"cannot be written: permission denied for {here / closed}" in said.replace("/.,", ",")
    assert f"and this is user {os.geteuid()}: choose folders of your own" in said


@pytest.mark.parametrize("place", ["work", "work/decisions", "corpus/decisions", "to work/decisions"])
def test_what_people_decide_lies_in_nothing_that_is_written_anew(here, place):
    with pytest.raises(ConfigError, match="decisions.*: (copy it elsewhere|choose a place outside)"):
        check(input="shows", decisions=place)


@pytest.mark.parametrize("given", [{"input": "shows"}, {"sources": [{"folder": "shows"}]}])
def test_what_people_hand_over_becomes_no_recording_of_its_own_accord(here, given):
    with pytest.raises(ConfigError, match="decisions: 'shows/decisions' lies inside .*: choose a place outside"):
        check(**given, decisions="shows/decisions")


def test_decisions_that_are_gone_since_a_run_are_not_taken_for_undone(here):
    told = here / "work" / folders.TOLD
    told.write_text(json.dumps(["0" * 32]))
    with pytest.raises(ConfigError, match="from which the last run took 1 decisions"):
        check(work_dir=str(here / "work"), decisions=str(here / "decided"))
    (here / "decided").mkdir()
    check(work_dir=str(here / "work"), decisions=str(here / "decided"))
    (here / "decided").rmdir()
    told.write_text("[]")
    check(work_dir=str(here / "work"), decisions=str(here / "decided"))
