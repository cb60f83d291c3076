"""What is refused before any job: bad configurations, folders of others, a second run in one work folder."""

import json
import subprocess
import time

import pytest
import yaml
from runs import attempt, change, command, contents, jobs_of, read_csv, snakemake, write_config

from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"input": "nowhere"}, "'nowhere' does not exist"),
        ({"input": "EMPTY"}, "no recordings"),
        ({"slice": {"min_second": 2}}, "unknown key 'slice.min_second', did you mean 'min_seconds'?"),
        ({"threads": "two"}, "'threads' expected integer, found 'two'"),
        ({"filter": {"low_pass": {"cutoff_hz": 23000, "slope_db_per_octave": 12}}}, "Nyquist"),
        ({"speaker": {"targets": {"ann": "nobody.wav"}}}, "'nobody.wav', does not exist"),
        ({"corpus_dir": "TAKEN"}, "holds files that voxsieve did not make"),
        ({"input": "HERE", "work_dir": "HERE/work"}, "lies inside input"),
        ({"sources": [{"folder": "HERE"}], "work_dir": "HERE/work"}, "lies inside the source folder"),
        ({"sources": [{"folder": "HERE"}], "corpus_dir": "HERE/corpus"}, "lies inside the source folder"),
        ({"sources": [{"folder": "nowhere"}]}, "'nowhere' does not exist"),
        ({"sources": [{"feed": "not an address"}]}, "expected an http or https address"),
        ({"sources": [{"listing": {"url": "http://a.example"}}]}, "'sources.0.listing.item' is missing"),
    ],
)
def test_a_bad_configuration_stops_before_any_job(tmp_path, settings, said):
    places = {"EMPTY": tmp_path / "empty", "TAKEN": tmp_path / "taken", "HERE": tmp_path / "taken"}
    for place in places.values():
        place.mkdir(exist_ok=True)
    (tmp_path / "taken" / "mine.wav").write_bytes(b"mine")
    text = json.dumps(settings)
    for name, place in places.items():
        text = text.replace(name, str(place))
    settings = json.loads(text)
    code, text = attempt(write_config(tmp_path, **settings))
    (sentence,) = [line for line in text.splitlines() if line.startswith("error: ")]
    assert code != 0 and said in sentence
    assert "Traceback" not in text and 'File "' not in text
    assert not jobs_of(text) and not (tmp_path / "work").exists()


def test_a_missing_model_stops_before_any_job(tmp_path, monkeypatch):
    monkeypatch.setenv("VOXSIEVE_CACHE", str(tmp_path / "cache"))
    code, text = attempt(write_config(tmp_path))
    assert code != 0 and "run `make weights`" in text and "Traceback" not in text and not jobs_of(text)


def test_a_work_folder_without_snakemakes_records_is_refused(demo_run, tmp_path):
    config, folder = demo_run
    code, said = attempt(config, "-n", cwd=tmp_path)
    assert code and "no record in" in said and str(folder / "work") in said


@pytest.fixture(scope="module")
def one_talk(tmp_path_factory, short_speech):
    """(config, folder) of a run that is under way when the module's first test begins, and the run itself."""
    folder = tmp_path_factory.mktemp("two")
    config = write_config(folder, input=str(short_speech))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    first = subprocess.Popen(command(config), cwd=ROOT, **pipes)
    deadline = time.monotonic() + 300
    while not list((folder / "work").glob("separate/*/progress.json")):
        assert first.poll() is None and time.monotonic() < deadline, "the run ended before it separated"
        time.sleep(0.05)
    yield config, folder, first
    if first.poll() is None:
        first.kill()
        first.wait()


def test_a_second_run_in_one_work_folder_refuses_and_the_first_goes_on(one_talk):
    """Two real runs by the shipped profile, which takes no lock of Snakemake's."""
    config, folder, first = one_talk
    code, said = attempt(config)
    assert first.poll() is None, "the first run was over before the second began"
    assert code != 0 and f"another run works in {folder / 'work'}" in said and "Traceback" not in said
    told, _ = first.communicate(timeout=500)
    assert first.returncode == 0, told
    assert read_csv(folder / "corpus/clips.csv")
    assert "Nothing to be done" in snakemake(config)


@pytest.mark.parametrize("own_work", [False, True])
def test_a_second_configuration_does_not_replace_the_first_corpus(one_talk, tmp_path, demo, own_work):
    """Another input with the folders of the first: as when both leave them at their defaults."""
    _, folder, first = one_talk
    first.wait()
    before = contents(folder / "corpus")
    places = {"work_dir": str((tmp_path if own_work else folder) / "work"), "corpus_dir": str(folder / "corpus")}
    code, said = attempt(write_config(tmp_path, input=str(demo / "harbour_noon.mp3"), **places))
    (sentence,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert (
        code != 0 and "holds the corpus of" in sentence and sentence.endswith("name another corpus_dir and work_dir.")
    )
    assert "Traceback" not in said and not jobs_of(said)
    assert contents(folder / "corpus") == before


def test_a_corpus_grows_with_its_input(one_talk, demo):
    """More inputs beside the first are the same corpus."""
    config, folder, first = one_talk
    first.wait()
    told = yaml.safe_load(config.read_text())
    before = {row["clip"] for row in read_csv(folder / "corpus/clips.csv")}
    change(config, input=[told["input"], str(demo / "harbour_noon.mp3")], speaker={"voices": 0})
    snakemake(config)
    assert before < {row["clip"] for row in read_csv(folder / "corpus/clips.csv")}


def test_a_listing_that_counts_its_pages_is_planned(tmp_path):
    """`{page}` in an address is no wildcard of Snakemake's."""
    listing = {"listing": {"url": "https://radio.example/archive?page={page}", "item": "li", "pages": 3}}
    code, said = attempt(write_config(tmp_path, sources=[listing]), "-n")
    assert code == 0 and "Wildcard" not in said, said[-2000:]
    assert "sources" in jobs_of(said)
