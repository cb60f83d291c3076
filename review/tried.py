"""Try a file: a recording that a person hands over goes through the same stages, in a folder of its own.

One at a time. The folder lasts as long as the server, or until it is thrown away; with the person's consent the
recording goes into the folder of the decisions, with the answer whether it was separated well.
"""

import re
import shutil
import subprocess
import tempfile
import threading
import uuid
from pathlib import Path

import yaml

from pipeline import decisions, manifest, registry
from pipeline.digest import sha256
from pipeline.errors import ConfigError
from review.sound import Sounds

UPLOAD_BYTES = 200 << 20
LONGEST_SECONDS = 1800  # of a run
KEPT = 4  # tried files at a time; the oldest goes first
SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
CONSENTED = "tried"  # folder in that of the decisions


class Tried:
    """One file on its way through the stages."""

    def __init__(self, folder: Path, suffix: str):
        self.name, self.folder = uuid.uuid4().hex, folder
        self.path = folder / "input" / f"recording{suffix}"
        self.path.parent.mkdir(parents=True)
        self.state, self.message = "waiting", ""
        self.work = folder / "work"


class Bench:
    """Where files are tried. config: the configuration whose settings hold; python: an interpreter with Snakemake."""

    def __init__(self, config: Path, python: str):
        self.config, self.python = config, python
        self.place = Path(tempfile.mkdtemp(prefix="voxsieve-tried-"))
        self.jobs: dict[str, Tried] = {}
        self._turn = threading.Lock()
        self._running: subprocess.Popen | None = None

    def close(self) -> None:
        """End what runs, and throw everything away."""
        if self._running and self._running.poll() is None:
            self._running.terminate()
        shutil.rmtree(self.place, ignore_errors=True)

    def begin(self, name: str) -> Tried:
        """A folder for a file that is coming. name: as the person's machine calls it; its suffix alone is used."""
        while len(self.jobs) >= KEPT:
            if not (ended := [job for job in self.jobs.values() if job.state not in ("waiting", "running")]):
                raise ConfigError("review: files are being tried already: wait for them.")
            self.forget(ended[0].name)
        suffix = Path(name.lower()).suffix
        job = Tried(Path(tempfile.mkdtemp(dir=self.place)), suffix if SUFFIX.fullmatch(suffix) else ".audio")
        self.jobs[job.name] = job
        return job

    def forget(self, name: str) -> None:
        """Throw a tried file away."""
        if job := self.jobs.pop(name, None):
            shutil.rmtree(job.folder, ignore_errors=True)

    def run(self, job: Tried) -> None:
        """Take a file through the stages, after those that came before it."""
        with self._turn:
            if job.name not in self.jobs:
                return
            job.state = "running"
            settings = yaml.safe_load(self.config.read_text(encoding="utf-8")) if self.config.is_file() else {}
            speaker = settings.get("speaker") or {}
            targets = {name: str(Path(path).resolve()) for name, path in (speaker.get("targets") or {}).items()}
            settings |= {
                "input": str(job.path.parent),
                "sources": [],
                "exports": [],
                "decisions": str(job.folder / "no"),
            }
            settings |= {"work_dir": str(job.work), "corpus_dir": str(job.folder / "corpus")}
            settings["speaker"] = speaker | {"targets": targets, "voices": speaker.get("voices", 0)}
            (job.folder / "mine.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
            command = [self.python, "-m", "snakemake", "-j2", "--snakefile", str(registry.ROOT / "Snakefile")]
            command += ["--configfile", str(job.folder / "mine.yaml")]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
            self._running = subprocess.Popen(command, cwd=job.folder, text=True, errors="replace", **pipes)
            try:
                said, _ = self._running.communicate(timeout=LONGEST_SECONDS)
                told = [line for line in said.splitlines() if line.startswith(("failed: ", "error: "))]
                job.message = told[-1] if self._running.returncode and told else ""
                job.state = "failed" if self._running.returncode else "done"
            except subprocess.TimeoutExpired:
                self._running.kill()
                job.state, job.message = "failed", f"It took more than {LONGEST_SECONDS // 60} minutes."


def account(job: Tried) -> dict:
    """What became of a file: state, and when it is done its labels and clips."""
    told = {"name": job.name, "state": job.state, "message": job.message, "labels": [], "clips": [], "seconds": 0.0}
    if job.state != "done":
        return told
    rejects = [row["message"] for row in manifest.lines(job.work / "index" / manifest.REJECTS)]
    for shard in manifest.shards(job.work):
        for row in manifest.lines(manifest.of_shard(job.work, "segment", shard)):
            told |= {"seconds": row["duration"], "recording": row["id"]}
            lines = (job.work / row["path"]).read_text(encoding="utf-8").splitlines()[1:]
            told["labels"] = [[line.split("\t")[0], *map(float, line.split("\t")[1:3])] for line in lines]
    voices = job.work / "speaker" / "voices.jsonl"
    names = ("id", "start", "end", "voice", "gender", "answer", "speaker")
    told["clips"] = [{name: row[name] for name in names} for row in manifest.lines(voices)] if voices.is_file() else []
    return told | {"message": " ".join(rejects)}


def sound_of(job: Tried, which: str, longest: float):
    """The file's "source" or "vocals", (n,) float32, the first `longest` seconds; None where there is none."""
    for shard in manifest.shards(job.work):
        for row in manifest.lines(manifest.of_shard(job.work, "separate", shard)):
            return Sounds(job.work).samples(row["id"], 0.0, min(row["duration"], longest), which)
    return None


def consent(job: Tried, folder: Path, who: str, answer: str, name: str) -> None:
    """Keep a file with the answer to "was it separated well?", for a person who said that it may be used."""
    digest = sha256(job.path)
    kept = folder / CONSENTED / f"{digest}{job.path.suffix}"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_name(f"{kept.name}.partial")
        shutil.copyfile(job.path, partial)
        partial.replace(kept)
    decisions.add(folder, who, "separated", {digest: [(0.0, 0.0)]}, answer, name=name)
