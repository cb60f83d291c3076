"""Models of tone, in their own environment: strangers, ONNX, runs cut off, growing, doubts, and the commands.

On real actors where the development recordings are there (two tones of RAVDESS and EmoDB), else on made-up ones.
VOXSIEVE_TONE_FULL=1 measures all rows of docs/tone.md: half an hour.
"""

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest
from actors import make

from tests.conftest import DATA, ROOT

PYTHON = os.environ.get("VOXSIEVE_ENV_TONE")
pytestmark = pytest.mark.skipif(not PYTHON, reason="needs VOXSIEVE_ENV_TONE: make environments")
ACTED = DATA / "emotion"
ROWS = {
    "neutral,angry": 0.96,
    "neutral,sad,angry": 0.84,
    "neutral,sad,angry,surprised": 0.78,
    "neutral,sad,angry,happy": 0.76,
}


def tone(*words, check: bool = True) -> subprocess.CompletedProcess:
    """A program in the environment, as a person runs it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    answer = subprocess.run([PYTHON, *map(str, words)], cwd=ROOT, capture_output=True, text=True, env=environment)
    assert not check or answer.returncode == 0, answer.stderr[-3000:]
    assert "Traceback" not in answer.stderr
    return answer


@pytest.fixture(scope="module")
def acted(tmp_path_factory) -> list[Path]:
    """The folders of labelled sets."""
    if ACTED.is_dir():
        return [ACTED / "ravdess", ACTED / "emodb"]
    return [make(tmp_path_factory.mktemp("acted") / "set", actors=9, clips=6)]


@pytest.fixture(scope="module")
def trained(acted, tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("models")
    script = Path(__file__).with_name("inside_tone.py")
    return json.loads(tone(script, ":".join(map(str, acted)), "neutral,angry", folder).stdout)


def test_strangers_are_told_by_models_that_never_heard_them(trained):
    told = trained["strangers"]
    assert told["folds"][0] == told["folds"][1] >= 9 and told["told"] == trained["clips"] and told["sums"] < 1e-6
    assert told["uar"] >= 0.95 and told["interval"][0] <= told["uar"] <= told["interval"][1]
    assert told["random"] > 0.8 and trained["silent"] == 0


def test_one_speaker_gives_no_honest_split(trained):
    assert trained["one_speaker"].startswith("tone: one speaker only, so there is no honest split")


def test_an_onnx_file_is_its_model(trained):
    assert set(trained["exported"]) == {"lda", "logistic", "svm", "mlp"}
    assert max(trained["exported"].values()) < 0.01


def test_a_run_that_was_cut_off_ends_as_if_it_had_not_been(trained):
    resumed = trained["resumed"]
    assert resumed["cut"] and resumed["same"] == 0
    assert resumed["checkpoints"] == ["epoch00020", "epoch00040", "epoch00060", "model"]
    assert "holds a run with another seed" in resumed["refused"] and resumed["held_out"]


def test_growing_never_lowers_what_strangers_get(trained):
    for run in trained["grown"]:
        assert run["after"] >= run["before"]
        assert run["decided"] == run["own"]  # a person's labels are taken in at once
    assert any(run["taken"] for run in trained["grown"])


def test_wrong_labels_are_found(trained):
    doubted = trained["doubted"]
    assert doubted["right"] / doubted["found"] >= 0.5 and doubted["right"] >= doubted["wrong"] / 3


def test_a_temperature_makes_scores_say_what_they_know(trained):
    assert trained["calibrated"] == [pytest.approx(1.0, abs=0.15), pytest.approx(5.0, abs=0.75)]


def test_clusters_made_without_labels_agree_with_arousal(trained):
    assert trained["arousal"] >= 0.3


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a made-up set, its table and a model, by the commands of the README."""
    folder = tmp_path_factory.mktemp("commands")
    make(folder / "set", actors=4, clips=9)
    (folder / "set/unlabelled.wav").write_bytes(b"no sound")
    (folder / "set/Actor_01/03-01-05-01-01-01-01.wav").write_bytes(b"torn")  # a label, and nothing to hear
    said = tone("-m", "training.tone", "sets", folder / "set", "--into", folder / "sets.csv").stdout
    assert "left out: 1 clips, named as in none of the sets" in said and "72 clips in" in said
    words = ["--sets", folder / "sets.csv", "--tones", "neutral,angry", "--model", "lda", "--into", folder / "run"]
    said = tone("-m", "training.tone", "train", *words).stdout
    assert "too short, silent or without a voice" in said and f"the model is {folder / 'run/model.onnx'}" in said
    return folder


def test_checkpoints_are_judged(made):
    words = [made / "run/model.onnx", "--sets", made / "sets.csv", "--into", made / "judged"]
    said = tone("-m", "training.tone", "benchmark", *words).stdout
    line = next(line for line in said.splitlines() if line.startswith("run/model"))
    assert float(line.split()[1]) > 0.9 and line.endswith("fits")
    assert (made / "judged/benchmark.txt").read_text().strip() in said


def test_a_folder_is_sorted(made):
    own = make(made / "own", actors=2, clips=8)
    (own / "Actor_01/silence.wav").write_bytes(b"")
    words = [own, "--model", made / "run/model.onnx", "--into", made / "sorted", "--csv", made / "sorted.csv"]
    said = tone("-m", "training.tone", "classify", *words).stdout
    with open(made / "sorted.csv", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    codes = {"05": "angry", "01": "neutral"}
    told = [(codes[row["path"].split("-")[2]], row["tone"]) for row in rows if "silence" not in row["path"]]
    assert len(told) == 32 and sum(true == tone for true, tone in told) >= 29
    copies = [path for path in (made / "sorted").rglob("*.wav")]
    assert len(copies) == 33 and (made / "sorted/unsure/Actor_01/silence.wav").is_file()
    assert said.splitlines()[0].split() == ["tone", "clips", "share", "hours"] and "unsure" in said


def test_a_model_grows_on_a_corpus(made):
    corpus = make(made / "corpus", actors=2, clips=8)
    clips = sorted(path.relative_to(corpus) for path in corpus.rglob("*.wav"))
    lines = [f"{path.stem},{path},anna{path.parent.name}" for path in clips]
    (corpus / "clips.csv").write_text("\n".join(["clip,path,speaker", *lines]))
    (made / "decided.csv").write_text(f"clip,tone\n{clips[0].stem},neutral\n{clips[1].stem},cheerful\n")
    words = ["--sets", made / "sets.csv", "--model", made / "run/model.onnx", "--corpus", corpus, "--test-size", "0.25"]
    words += ["--decided", made / "decided.csv", "--into", made / "grown"]
    said = tone("-m", "training.tone", "grow", *words).stdout
    rounds = [line.split() for line in said.splitlines() if line[:1].isdigit()]
    assert len(rounds) >= 2 and all(float(row[1]) >= float(rounds[0][1]) for row in rounds if "taken" not in row)
    with open(made / "grown/own.csv", encoding="utf-8") as own:
        given = {row["clip"]: row["tone"] for row in csv.DictReader(own)}
    card = json.loads((made / "grown/model.json").read_text())
    assert card["data"]["own"] == len(given) and given.get(clips[0].stem, "neutral") == "neutral"
    assert set(given.values()) <= {"neutral", "angry"}


def test_wrong_labels_are_listed(made):
    with open(made / "sets.csv", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if "03-01-05-01-01-01-01" not in row["path"]]
    wrong = rows[5::9]
    for row in wrong:
        row["tone"] = {"neutral": "angry", "angry": "neutral"}[row["tone"]]
    text = [f"{row['path']},{row['tone']},{row['speaker']}" for row in rows]
    (made / "wrong.csv").write_text("\n".join(["path,tone,speaker", *text]))
    tone("-m", "training.tone", "doubts", "--sets", made / "wrong.csv", "--into", made / "doubts.csv")
    with open(made / "doubts.csv", encoding="utf-8") as lines:
        doubted = list(csv.DictReader(lines))
    found = {Path(row["path"]).name for row in doubted}
    assert len(found) >= len(wrong) / 2 and found <= {Path(row["path"]).name for row in wrong}
    assert all(row["likelier"] != row["tone"] for row in doubted)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "--tones", "neutral,furious", "--into", "{0}/x"], "no clip is furious: expected some of angry"),
        (["train", "--tones", "neutral", "--into", "{0}/x"], "only one tone"),
        (["train", "--into", "{0}/own"], "is not empty and holds no training run"),
        (["benchmark", "{0}/run/no.onnx"], "does not exist: a model is NAME.onnx with its card"),
        (["grow", "--model", "{0}/run/model.onnx", "--corpus", "{0}/set", "--into", "{0}/y"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(made, words, said):
    words = [word.format(made) for word in words]
    answer = tone("-m", "training.tone", *words, "--sets", made / "sets.csv", check=False)
    assert answer.returncode == 1 and answer.stderr.strip().splitlines()[-1].startswith("error: tone: ")
    assert said in answer.stderr


@pytest.mark.skipif(not os.environ.get("VOXSIEVE_TONE_FULL"), reason="takes half an hour: VOXSIEVE_TONE_FULL=1")
@pytest.mark.parametrize("tones", ROWS)
def test_rows_of_the_page(acted, tones, tmp_path):
    tone("-m", "training.tone", "sets", *acted, "--into", tmp_path / "sets.csv")
    words = ["--sets", tmp_path / "sets.csv", "--tones", tones, "--into", tmp_path / "out"]
    tone("-m", "training.tone", "benchmark", *words)
    figures = json.loads((tmp_path / "out/benchmark.json").read_text())
    assert figures["chosen in training folds"]["uar"] >= ROWS[tones]
    assert (tmp_path / "out/confusion_chosen_in_training_folds.png").is_file()
