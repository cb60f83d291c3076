"""Whole runs by snakemake, as a person starts them, and what they say and leave."""

import csv
import subprocess
import sys
from pathlib import Path

import yaml

from tests.conftest import ROOT

HEARD = {"score", "match", "transcribe", "proofread"}  # what follows from the choice of voices
END = {"select", "export", "formats", "report", "all"}


def write_config(folder: Path, **settings) -> Path:
    """A configuration with work and corpus in `folder`, and further settings."""
    settings = {"work_dir": str(folder / "work"), "corpus_dir": str(folder / "corpus")} | settings
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    return path


def change(config: Path, **settings) -> None:
    """Lay further settings over a configuration."""
    told = yaml.safe_load(config.read_text(encoding="utf-8")) | settings
    config.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")


def command(config: Path, *flags: str) -> list[str]:
    """The README's command; the shipped profile is loaded by itself."""
    base = [sys.executable, "-m", "snakemake", "-j2", "--configfile", str(config)]
    return [*base, "--snakefile", str(ROOT / "Snakefile"), *flags]


def snakemake(config: Path, *flags: str, cwd: Path = ROOT) -> str:
    """What a run that ends well says."""
    code, said = attempt(config, *flags, cwd=cwd)
    assert code == 0, said[-5000:]
    return said


def attempt(config: Path, *flags: str, cwd: Path = ROOT) -> tuple[int, str]:
    """The exit status of a run, and what it says."""
    answer = subprocess.run(command(config, *flags), capture_output=True, text=True, cwd=cwd)
    return answer.returncode, answer.stdout + answer.stderr


def jobs_of(said: str) -> set[str]:
    """The rules that a dry run, or a run with -p, names."""
    words = [line.split() for line in said.splitlines()]
    return {
        line[1].rstrip(":")
        for line in words
        if len(line) == 2 and line[0] in ("rule", "localrule", "checkpoint", "localcheckpoint")
    }


def contents(corpus: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(corpus)): path.read_bytes() for path in sorted(corpus.rglob("*")) if path.is_file()}


def read_csv(path: Path) -> list[dict]:
    """A table's rows, without the project's own reader."""
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
