"""Every command of the README, run as it stands there, in a clean clone."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from install import weights
from tests.conftest import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
# As a person's shell has it: under `make test` a make would begin with the folder it enters.
SHELL = {name: value for name, value in os.environ.items() if name not in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS")}
SHELL["VOXSIEVE_CACHE"] = str(weights.cache())


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clone") / "voxsieve"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def run(command: str, folder: Path) -> str:
    answer = subprocess.run(shlex.split(command), capture_output=True, text=True, cwd=folder, env=SHELL)
    assert answer.returncode == 0, f"{command}\n{(answer.stdout + answer.stderr)[-4000:]}"
    return answer.stdout + answer.stderr


def test_the_readmes_commands_do_what_it_says(clone):
    known = {
        "make": lambda said: "kept clips" in said and "The corpus is in" in said,
        ".venv/bin/snakemake -j 4 --configfile mine.yaml": lambda said: "+ anna" in said,
        ".venv/bin/python -m evaluation --truth examples/truth --corpus corpus --work work": lambda said: (
            "precision" in said and "speech_or_not" in said
        ),
    }
    assert "make test" in (ROOT / ".ci" / "run").read_text()  # what runs this test
    assert set(COMMANDS) - {"make test", "make review"} == set(known), (
        "the README's commands and those tested here differ"
    )
    assert known["make"](run("make", clone))
    for name in re.findall(r"^corpus/([\w./*]+) ", TEXT, re.MULTILINE):
        assert list((clone / "corpus").glob(name)), f"the README promises corpus/{name}"
    free = SHELL | {"PORT": "0"}
    with subprocess.Popen(["make", "review"], cwd=clone, stdout=subprocess.PIPE, text=True, env=free) as page:
        assert "Open http://127.0.0.1:" in page.stdout.readline()
        page.terminate()
    evaluate = ".venv/bin/python -m evaluation --truth examples/truth --corpus corpus --work work"
    assert known[evaluate](run(evaluate, clone))
    mine = yaml.safe_load(re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL).group(1))
    reference = next((clone / "work/speaker/references/voice1").iterdir())
    mine |= {"input": "examples/harbour_noon.mp3", "work_dir": "data/work", "corpus_dir": "data/corpus"}
    mine["speaker"]["targets"]["anna"] = str(reference)
    (clone / "mine.yaml").write_text(yaml.safe_dump(mine))
    own = ".venv/bin/snakemake -j 4 --configfile mine.yaml"
    assert known[own](run(own, clone))
    assert "Nothing to be done" in run(own + " -n", clone)


def test_what_the_readme_names_exists():
    for name in re.findall(r"\]\((?!http)([\w./]+)\)", TEXT):
        assert (ROOT / name).exists(), f"README.md links {name}"
    for module in re.findall(r"python -m ([\w.]+)", TEXT):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), module
