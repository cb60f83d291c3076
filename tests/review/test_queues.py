"""The queues of a large work folder: their order, their pages, what a decision takes out of them.

VOXSIEVE_REVIEW_CLIPS=1000000 makes the folder as large as docs/review.md tells of.
"""

import json
import os
import subprocess
from pathlib import Path

import made
import numpy as np
import pytest
import requests
from test_page import free_port, serving

from install import environments
from pipeline import decisions
from tests.conftest import ROOT

CLIPS = int(os.environ.get("VOXSIEVE_REVIEW_CLIPS", "20000"))


class Served:
    """The page's server on a work folder, and questions to it."""

    def __init__(self, work: Path, decisions: Path, corpus: Path | None = None):
        command = serving(work, corpus or work / "none", decisions, free_port())
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self.address = next(line for line in self.process.stdout if line.startswith("Open ")).split()[1]
        self.here = self.address.split("/")[2]

    def ask(self, path: str) -> dict:
        return requests.get(f"{self.address}{path}", timeout=60).json()

    def send(self, path: str, **value) -> dict:
        headers = {"origin": f"http://{self.here}"}
        return requests.post(f"{self.address}{path}", json=value, headers=headers, timeout=60).json()

    def queue(self, name: str, pages: int) -> list[str]:
        """The ids of the first pages of a queue."""
        rows = [self.ask(f"api/clips?queue={name}&skip={20 * page}")["clips"] for page in range(pages)]
        return [row["id"] for page in rows for row in page]


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    if not environments.ready("review"):
        pytest.skip("no environment for review: run `make environments`")
    return made.many(tmp_path_factory.mktemp("many"), CLIPS)


@pytest.fixture
def served(work, tmp_path):
    served = Served(work, tmp_path / "decisions")
    yield served
    served.process.kill()


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def milliseconds(clip: str) -> int:
    _, start, end = clip.split("_")
    return int(end) - int(start)


def test_the_queues_are_in_order_page_after_page(work, served):
    told = lines(work / "speaker/voices.jsonl")
    dropped = {row["id"] for row in lines(work / "select/rejects.jsonl")}
    score = {row["id"]: row["dnsmos_ovrl"] for path in work.glob("score/*/*.jsonl") for row in lines(path)}
    uncertain = [row["id"] for row in told if row["answer"] == "uncertain"]
    kept = [row["id"] for row in told if row["answer"] == "confident" and row["id"] not in dropped]
    left = served.ask("api/clips?queue=lowest")["left"]
    assert (left["uncertain"], left["lowest"], left["dropped"]) == (len(uncertain), len(kept), len(dropped))
    longest = sorted(uncertain, key=milliseconds, reverse=True)[:100]
    assert [milliseconds(clip) for clip in served.queue("uncertain", 5)] == [milliseconds(clip) for clip in longest]
    assert served.queue("lowest", 5) == sorted(kept, key=lambda clip: score[clip])[:100]
    sample = served.queue("sample", 5)
    assert len(set(sample)) == 100 and set(sample) <= set(kept) and sample != sorted(sample)
    middle = np.median([score[clip] for clip in kept])  # the sample is drawn from high and low alike
    assert np.median([score[clip] for clip in sample]) == pytest.approx(middle, abs=0.3)
    assert set(served.queue("dropped", 1)) <= dropped


def test_what_is_decided_leaves_the_queue_and_comes_back_when_undone(work, served):
    first, second, *_ = served.queue("uncertain", 1)
    served.send("api/decide", who="anna", about="clip", of=first, kind="keep")
    assert served.queue("uncertain", 1)[0] == second
    served.process.kill()
    again = Served(work, Path(_flag(served, "decisions")))
    try:
        assert again.queue("uncertain", 1)[0] == second
        assert again.send("api/undo", who="anna")["undone"]["clip"]["id"] == first
        assert again.queue("uncertain", 1)[0] == first
    finally:
        again.process.kill()


def test_a_clip_that_was_dropped_is_not_asked_about_again_after_the_run_that_dropped_it(work, tmp_path):
    rows = {row["id"]: row for row in lines(work / "speaker/voices.jsonl")}
    before = Served(work, tmp_path / "decisions")
    asked = {name: before.queue(name, 1)[0] for name in ("uncertain", "dropped")}
    before.process.kill()
    places = [{row["sha256"]: [(row["start"], row["end"])]} for row in (rows[clip] for clip in asked.values())]
    dropped = [decisions.add(tmp_path / "decisions", "anna", "drop", place, "noisy") for place in places]
    (work / "speaker/told.json").write_text(json.dumps([line.id for line in dropped]))
    after = Served(work, tmp_path / "decisions")
    try:
        assert all(clip not in after.queue(name, 1) for name, clip in asked.items())
    finally:
        after.process.kill()
        (work / "speaker/told.json").unlink()


def test_a_decision_that_waited_while_a_run_renamed_the_voices_is_refused(work, served):
    told = lines(work / "speaker/voices.jsonl")
    heard = next(row["id"] for row in told if row["voice"] == "v0003")
    asked = {"who": "anna", "about": "voice", "of": "v0003", "kind": "voice", "value": "anna", "heard": heard}
    for number, gone in (("1", told[0]["id"]), ("2", "r999999_0000001_0000002")):
        if gone != heard:
            sent = asked | {"heard": gone, "name": number * 32}
            headers = {"origin": f"http://{served.here}"}
            answer = requests.post(f"{served.address}api/decide", json=sent, headers=headers, timeout=60)
            assert answer.status_code == 400 and "hear it again" in answer.text
    assert served.send("api/decide", **asked)["value"] == "anna"
    assert len(decisions.of(Path(_flag(served, "decisions")))) == 1


def _flag(served: Served, name: str) -> str:
    """What a server was started with."""
    return next(word.partition("=")[2] for word in served.process.args if word.startswith(f"--{name}="))


def test_another_programs_decision_is_seen(work, served):
    clip = served.queue("uncertain", 1)[0]
    row = next(row for row in lines(work / "speaker/voices.jsonl") if row["id"] == clip)
    place = {row["sha256"]: [(row["start"], row["end"])]}
    decisions.add(Path(_flag(served, "decisions")), "kim", "drop", place, "noisy")
    assert served.queue("uncertain", 1)[0] != clip
    assert served.ask("api/progress")["people"][0]["who"] == "kim"


def test_only_verdicts_of_the_sample_count_as_its(work, served):
    values = [("keep", "sample"), ("drop", "sample: noisy"), ("drop", "sample rate is wrong"), ("keep", "")]
    for clip, (kind, value) in zip(served.queue("sample", 1), values, strict=False):
        served.send("api/decide", who="anna", about="clip", of=clip, kind=kind, value=value)
    sample = served.ask("api/progress")["sample"]
    assert (sample["heard"], sample["right"]) == (2, 1)


def test_texts_come_in_the_order_of_what_speaks_against_them(tmp_path):
    if not environments.ready("review"):
        pytest.skip("no environment for review: run `make environments`")
    work, corpus = made.folder(tmp_path)
    strange, *others = [line.split("|")[:2] for line in (corpus / "metadata.csv").read_text().splitlines()]
    against = [
        {"text_confidence": 0.99},
        {"text_confidence": None, "text_cut": 0.7},
        {"text_confidence": 0.9, "text_rate": 1.5},
        {"text_confidence": 0.4, "text_disagrees": 0.1},
    ]
    measures = ("text_disagrees", "text_cut", "text_uncovered", "text_rate")
    facts = [
        dict.fromkeys(measures) | {"id": clip, "text": text, "text_source": "whisper"} | told
        for (clip, text), told in zip(others, against, strict=False)
    ]
    made.write(work / "proofread/manifest.jsonl", facts)
    served = Served(work, tmp_path / "decisions", corpus)
    try:
        shown = {clip["id"]: clip["distrust"] for clip in served.ask("api/texts")["clips"]}
    finally:
        served.process.kill()
    judged = [clip for clip in shown if clip in {fact["id"] for fact in facts}]
    assert judged == [facts[i]["id"] for i in (1, 3, 2, 0)]
    # Digits count as letters that the language does not have.
    assert [shown[clip] for clip in judged] == pytest.approx([0.7, 0.6, 0.5, 0.01], abs=0.06)
    assert next(iter(shown)) == strange[0]
