"""docs/adding.md, done as it says in a copy of the project: a key, a score, a layout, an engine, a stage."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from pipeline import manifest, tables
from tests.conftest import ROOT

EQUIP = "PLAN.equip(workflow.rules)"  # rules stand before it
BLOCK = re.compile(r"```python\n# (\S+?)(?:, in class (\w+))?\n(.*?)```", re.DOTALL)
FOLDERS = ("crawl", "engines", "envs", "install", "pipeline", "profiles", "stages")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project with everything in it that the page adds."""
    copy = tmp_path_factory.mktemp("project")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    blocks = BLOCK.findall((ROOT / "docs/adding.md").read_text(encoding="utf-8"))
    assert {path for path, _, _ in blocks} >= {"Snakefile", "stages/count/settings.py", "engines/loudness/peak.py"}
    for path, inside, text in blocks:
        place = copy / path
        place.parent.mkdir(parents=True, exist_ok=True)
        (place.parent / "__init__.py").touch()
        if inside:
            whole = place.read_text(encoding="utf-8")
            assert f"class {inside}(" in whole
            place.write_text(
                whole.replace('    @model_validator(mode="after")', f'{text}\n    @model_validator(mode="after")')
            )
        elif path == "Snakefile":
            whole = place.read_text(encoding="utf-8")
            assert EQUIP in whole
            place.write_text(whole.replace(EQUIP, f"{text}\n\n{EQUIP}"), encoding="utf-8")
        else:
            place.write_text(text, encoding="utf-8")
    (copy / "config.yaml").write_text(run(copy, "-m", "pipeline.config"), encoding="utf-8")  # make config
    return copy


def run(project: Path, *words: str) -> str:
    """What Python says, run in the project."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    answer = subprocess.run([sys.executable, *words], cwd=project, capture_output=True, text=True, env=environment)
    assert answer.returncode == 0, (answer.stdout + answer.stderr)[-3000:]
    return answer.stdout


def test_a_key_is_in_the_file_in_the_flags_and_in_the_help(project):
    text = (project / "config.yaml").read_text(encoding="utf-8")
    assert "  longest_word_seconds: 2.0   # a stretch without a pause longer than this is no word" in text
    said = " ".join(run(project, "-m", "stages.slice", "--help").split())
    assert "--longest-word-seconds NUMBER a stretch without a pause longer than this is no word (default: 2.0)" in said


def test_a_run_has_the_score_the_layout_the_engine_and_the_stage(project, short_speech):
    settings = {"input": str(short_speech), "exports": ["filelist"], "engine": "peak", "speaker": {"voices": 0}}
    settings["filters"] = {"loudest_db": {"max": -5.0}}
    (project / "mine.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    run(project, "-m", "snakemake", "-j2", "--configfile", "mine.yaml")
    clips = tables.read(project / "corpus/clips.csv")
    assert len(clips) and (clips["loudest_db"] - -6).abs().max() < 0.1
    for path in clips["path"]:
        signal, _ = soundfile.read(project / "corpus" / path)
        assert 20 * np.log10(np.abs(signal).max()) == pytest.approx(-6, abs=0.1)
    listed = (project / "corpus/filelist/list.txt").read_text(encoding="utf-8").splitlines()
    assert listed == [f"{path}|{speaker}" for path, speaker in zip(clips["path"], clips["speaker"], strict=True)]
    assert "filelist/" in (project / "corpus/README.md").read_text(encoding="utf-8")
    assert "loudest_db" in (project / "corpus/report.html").read_text(encoding="utf-8")
    counted = {row["id"]: row["milliseconds"] for row in manifest.lines(project / "work/count/s0000/manifest.jsonl")}
    lengths = dict(zip(clips["clip"], clips["duration"], strict=True))
    assert counted.items() >= {clip: round(1000 * seconds) for clip, seconds in lengths.items()}.items()
    assert "count" in json.loads((project / "corpus/statistics.json").read_text())["stages"]
    said = run(project, "-m", "stages.count", "--help")
    assert "the milliseconds of every wanted clip" in said
