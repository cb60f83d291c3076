"""What the Snakefile knows before any job: checked settings, interpreters, commands, what results are made with.

Whatever can be wrong with a configuration is reported here, in one sentence, before a job starts.
"""

import hashlib
import json
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from install import environments, weights
from pipeline import (
    code,
    config,
    corpus,
    decided_texts,
    deciding,
    decisions,
    entry,
    ffmpeg,
    flags,
    folders,
    manifest,
    registry,
    sources,
    summary,
    terminal,
    workfolder,
)
from pipeline.errors import ConfigError

ROOT = Path(__file__).parent.parent


class Plan:
    """The settings of a run and what follows from them."""

    def __init__(self, settings: config.General, conda: bool):
        self.settings = settings
        self.work = settings.work_dir
        self.by_conda = conda
        self._check()
        self.seen = decisions.sizes(Path(settings.decisions))
        lines, faults = decisions.read(Path(settings.decisions), self.seen)
        self.decided = decisions.active(lines)
        self.persons = decided_texts.digest(Path(settings.corpus_dir), self.decided)
        for fault in faults:
            print(f"warning: {fault}", file=sys.stderr)
        if settings.sources:  # they take the place of input
            settings.input = []  # said to the stages: a flag that is left out stands for the default
        self.own = {"crawl": "crawl"}  # program -> the separate environment that it runs in
        environments_of = {name: registry.environment(name, settings) for name in registry.stages()}
        self.own |= {stage: name for stage, name in environments_of.items() if name}
        self.run = {name: self._command(name) for name in registry.stages()}
        self.run |= {"crawl": self._crawl(), "environment": f"{shlex.quote(sys.executable)} -m install.environments"}
        self.crawled_with = hashlib.sha256(self._crawl().encode()).hexdigest()[:16]

    def _check(self) -> None:
        s = self.settings
        folders.check(s)
        sources.check(s)
        for stage in registry.stages().values():
            if faults := list(stage.check(s)) if stage.check else []:
                raise ConfigError(f"config: {'; '.join(faults)}.")
        owner = corpus.owner(s.work_dir, [source.model_dump_json() for source in s.sources] or s.input)
        corpus.check(Path(s.corpus_dir), owner)
        workfolder.check(Path(s.work_dir))
        for message in workfolder.forget_what_is_gone(Path(s.work_dir)):
            print(message, file=sys.stderr)
        for name in weights.NEEDED:
            if not (weights.cache() / "weights" / name).is_file():
                raise ConfigError(f"The model {name} is not in {weights.cache()}: run `make weights` to fetch it.")

    def python(self, stage: str) -> str:
        """The interpreter of a stage, quoted for a shell."""
        if stage not in self.own:
            return shlex.quote(sys.executable)
        return "python" if self.by_conda else shlex.quote(str(environments.python(self.own[stage])))

    def conda(self, stage: str) -> str | None:
        """The conda environment of a stage, None where the running environment serves."""
        return str(ROOT / "envs" / f"{self.own[stage]}.yaml") if self.by_conda and stage in self.own else None

    def environment(self, stage: str) -> list[str]:
        """The marker of a stage's own environment, as an input of the stage; empty where it has none."""
        if stage not in self.own or self.by_conda:
            return []
        marker = Path(self.work) / "environments" / self.own[stage]
        if not environments.ready(self.own[stage]):
            marker.unlink(missing_ok=True)  # made for another cache, or for one that was emptied
        return [str(marker)]

    def _command(self, stage: str) -> str:
        """The command line of a stage, without shard, threads and log."""
        values = flags.of(self.settings, stage)
        values.pop("threads", None)
        words = f"{self.python(stage)} -m stages.{stage} --work={shlex.quote(self.work)} {flags.line(values)}"
        if stage == "formats":
            words += f" --described={shlex.quote(json.dumps(deciding.described(self.settings), sort_keys=True))}"
        return words

    def _crawl(self) -> str:
        """The command line of the crawl, which takes its settings from a file: they may be longer than a command."""
        settings = self.settings.model_dump_json(include={"sources", "crawl"})
        place, work = shlex.quote(f"{self.work}/crawl-settings.json"), shlex.quote(self.work)
        return (
            f"mkdir -p {work} && printf %s {shlex.quote(settings)} > {place} && {self.python('crawl')} -m crawl "
            f"--settings={place} --out={work}/crawl --downloads={shlex.quote(self.settings.downloads_dir)}"
        )

    def equip(self, rules) -> None:
        """Set what all stages share: log and times in the work folder, the environment, what a result is made with."""
        for rule in rules:
            if rule.name not in registry.stages():
                continue
            shard = "/{shard}" if registry.stages()[rule.name].unit == "shard" else ""
            rule.input_modifier = rule.log_modifier = rule.benchmark_modifier = rule.output_modifier
            rule.set_log(f"{self.work}/log/{rule.name}{shard}.log")
            rule.benchmark = f"{self.work}/benchmark/{rule.name}{shard}.tsv"
            with entry.in_a_sentence():  # what it was made with may be gone by now
                rule.set_params(made_with=self._made_with(rule.name))
            rule.conda_env = self.conda(rule.name)
            if "threads" in registry.stages()[rule.name].machine:
                # index only reads files: it may use all cores.
                rule.resources["_cores"] = 64 if rule.name == "index" else self.settings.threads
            if environment := self.environment(rule.name):
                rule.set_input(environment=environment)

    def _made_with(self, stage: str) -> str | Callable:
        """What decides a stage's result; per shard, where people decided on some of its recordings."""
        digest = partial(deciding.digest, stage, self.settings, self.persons)
        declared = registry.stages()[stage]
        if declared.unit == "corpus" or not any(line.kind in declared.decisions for line in self.decided):
            return digest(self.decided)
        return lambda wildcards: digest(deciding.of_shard(self.decided, Path(self.work), wildcards.shard))

    def begin(self, workflow) -> None:
        """Hold the work folder for as long as this process lives, and show the run."""
        self.handle = workfolder.hold(Path(self.work))
        self.board = terminal.show(workflow, self.work)

    def end(self, tell: bool = False) -> None:
        """Take the bars off the terminal; tell: print the account, where there is one (not after `snakemake crawl`)."""
        if self.board:
            self.board.stop()
        if tell and (Path(self.work) / "export" / corpus.RECORD).exists():
            print(summary.of(self.settings.corpus_dir, self.work))

    def shell_prefix(self) -> str:
        """What every job's shell begins with: where the code, the cache and (last on the PATH) ffmpeg are."""
        cache = str(weights.cache().absolute())
        words = {"PYTHONPATH": str(ROOT), "VOXSIEVE_CACHE": cache, "VOXSIEVE_ROOT": str(ROOT)}
        words[code.DIGESTS] = " ".join(f"{stage}={code.digest(stage)}" for stage in registry.stages())
        words[decisions.SEEN] = json.dumps(self.seen)
        exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in words.items())
        folder = shlex.quote(str(Path(ffmpeg.find("ffmpeg")).parent))
        return f'export {exports} PATH="$PATH":{folder}; '.replace("{", "{{").replace("}", "}}")

    def results(self, stage: str) -> list[str]:
        """The files that show that a stage is done, with the wildcard {shard} where there is one job a shard."""
        declared = registry.stages()[stage]
        shard = "/{shard}" if declared.unit == "shard" else ""
        return [f"{self.work}/{stage}{shard}/{name}" for name in declared.results]

    def asked(self, unit: str) -> list[str]:
        """The stages with one job a shard, or with one job, that the configuration wants."""
        return [name for name in registry.of_unit(unit) if registry.stages()[name].asked(self.settings)]

    def before(self, stage: str) -> str:
        """The stage whose rows a stage takes, past those that the configuration does not want."""
        name = registry.stages()[stage].after[0]
        return name if registry.stages()[name].asked(self.settings) else self.before(name)

    def of_every_shard(self, stages: list[str]) -> list[str]:
        """The results of stages for all shards of the index."""
        shards = manifest.shards(Path(self.work))
        return [path.replace("{shard}", shard) for stage in stages for path in self.results(stage) for shard in shards]

    def after_index(self, checkpoints) -> Callable[..., Callable]:
        """Makes input functions: the results of stages for all shards, which are known once the index is there."""

        def of_every_shard(*stages: str) -> Callable:
            def paths(wildcards) -> list[str]:
                checkpoints.index.get()
                return self.of_every_shard(stages)

            return paths

        return of_every_shard


def make(settings: dict, conda: bool) -> Plan:
    """The plan for Snakemake's merged configuration; a fault ends the program with its sentence and status 1."""
    with entry.in_a_sentence():
        return Plan(config.load(settings), conda)
