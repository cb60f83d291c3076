"""The whole page in real Chromium: every screen, every key, undo, two windows, reloads, a killed server."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import axe
import made
import pytest

from install import environments
from tests.conftest import ROOT

SCENARIOS = ("voices", "clips", "texts", "drafts", "windows", "killed", "hasty")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def serving(work: Path, corpus: Path, decisions: Path, port: int) -> list[str]:
    """The command of the page's server."""
    flags = {"work": work, "corpus": corpus, "decisions": decisions, "host": "127.0.0.1", "port": port}
    flags |= {"config": ROOT / "config.yaml", "snakemake-python": sys.executable}
    return [
        str(environments.python("review")),
        "-m",
        "review.serve",
        *(f"--{name}={value}" for name, value in flags.items()),
    ]


@pytest.fixture(scope="session")
def browser_python() -> str:
    """A Python with selenium, where there is a browser and the page's own environment."""
    python = os.environ.get("VOXSIEVE_ENV_CRAWL")
    if not python or not shutil.which("chromium") or not shutil.which("chromedriver"):
        pytest.skip("needs chromium, chromium-driver and VOXSIEVE_ENV_CRAWL, a Python with selenium")
    if not environments.ready("review"):
        pytest.skip("no environment for review: run `make environments`")
    return python


def drive(python: str, place: Path, scenario: str, *more: str) -> str:
    """Run a scenario of drive.py on a work folder of its own; what it prints."""
    work, corpus = made.folder(place)
    command = serving(work, corpus, place / "decisions", free_port())
    script = Path(__file__).with_name("drive.py")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        [python, script, scenario, place / "decisions", *command], capture_output=True, text=True, env=environment
    )
    assert answer.returncode == 0, answer.stderr[-4000:]
    return answer.stdout


def test_a_file_is_tried(browser_python, tmp_path, monkeypatch, short_speech):
    monkeypatch.setenv("TALK", str(short_speech / "talk.wav"))
    assert drive(browser_python, tmp_path, "tried")


def test_nothing_on_the_page_keeps_people_out(browser_python, tmp_path, monkeypatch):
    monkeypatch.setenv("AXE", str(axe.script()))
    assert drive(browser_python, tmp_path, "looks")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_person_at_the_page(browser_python, tmp_path, scenario):
    assert drive(browser_python, tmp_path, scenario)
