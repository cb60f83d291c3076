"""The crawl as its users run it: a program of its own environment, against servers on loopback."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from install import environments

ROOT = Path(__file__).parents[2]
HEAVY = bool(os.environ.get("CRAWL_HEAVY"))  # the long variants: minutes each, for the figures of docs/crawl.md
QUICK = {"allow_private_hosts": True, "delay_seconds": 0, "timeout_seconds": 2, "retries": 4}


def python() -> str:
    """The interpreter of the crawl's environment: $VOXSIEVE_ENV_CRAWL, or the one made from envs/crawl.lock."""
    if own := os.environ.get("VOXSIEVE_ENV_CRAWL"):
        return own
    if not environments.ready("crawl"):
        pytest.skip("needs the crawl's environment: make environments")
    return str(environments.python("crawl"))


@dataclass
class Room:
    """A folder with downloads/ and out/, and the crawl to run in it."""

    folder: Path
    printed: str = ""

    def start(
        self, sources: list[dict], prelude: str = "", flags: tuple[str, ...] = (), downloads: str = "downloads", **crawl
    ) -> subprocess.Popen:
        """A crawl that runs on its own; `prelude`: what Python does first, to put the crawl into a worse place."""
        given = self.folder / "settings.json"
        given.write_text(json.dumps({"sources": sources, "crawl": QUICK | crawl}))
        command = [python(), "-m", "crawl"]
        if prelude:
            run = "import runpy, sys; sys.argv[0] = 'crawl'; runpy.run_module('crawl', run_name='__main__')"
            command = [python(), "-c", f"{prelude}\n{run}"]
        command += ["--settings", given, *flags]
        command += ["--downloads", self.folder / downloads, "--out", self.folder / "out"]
        return subprocess.Popen(
            command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors="replace"
        )

    def crawl(self, sources: list[dict], status: int = 0, **crawl) -> str:
        """A crawl to its end; its log. What it printed is `printed`."""
        started = self.start(sources, **crawl)
        try:
            self.printed, told = started.communicate(timeout=120)
        finally:
            started.kill()
        assert started.returncode == status, told
        return told

    @property
    def rows(self) -> list[dict]:
        return self._read("manifest.jsonl")

    @property
    def rejects(self) -> list[dict]:
        return self._read("rejects.jsonl")

    def file(self, row: dict) -> Path:
        return self.folder / row["path"]

    def _read(self, name: str) -> list[dict]:
        return [json.loads(line) for line in (self.folder / "out" / name).read_text().splitlines()]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)
