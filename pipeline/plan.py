"""What the Snakefile knows before any job: checked settings, inputs, models, interpreters, the flags of a stage.

Everything that can be wrong with a configuration is told here, in one sentence, before a job starts.
"""

import fcntl
import hashlib
import json
import os
import shlex
import sys
from collections import defaultdict
from pathlib import Path

from pipeline import environments, faults, ffmpeg, filters, inputs, models
from pipeline.config import Config, Slope, load
from pipeline.errors import ConfigError, VoxsieveError

ROOT = Path(__file__).parent.parent
ORIGINALS = {"separate": "spleeter", "segment": "ina", "embed": "resemblyzer", "reference": "resemblyzer"}
HELPERS = {
    "separate": ("engines/separate_*", "engines/unet_onnx", "engines/windows", "engines/tf_checkpoint"),
    "segment": ("labels", "engines/segment_*", "engines/ina_*", "engines/viterbi", "engines/vad_silero"),
    "slice": ("turns", "engines/embed_onnx", "engines/lstm_onnx", "engines/resemblyzer_audio"),
    "normalize": ("engines/normalize_ffmpeg", "engines/loudness"),
    "embed": ("engines/embed*", "engines/lstm_onnx", "engines/resemblyzer_audio"),
    "reference": ("embed", "engines/embed*", "engines/lstm_onnx", "engines/resemblyzer_audio"),
    "score": ("measures", "fingerprint", "engines/dnsmos_onnx", "engines/segment_onnx", "engines/embed_onnx"),
    "match": ("fingerprint",),
    "select": ("repeats", "match"),
    "speaker": ("clusters", "voices", "threshold", "present", "engines/mean_voice"),
    "formats": ("exports/*",),
    "report": ("reports/*", "curves"),
}
MACHINE = {"input", "work_dir", "corpus_dir", "downloads_dir", "threads", "device", "shard_minutes"}


class Plan:
    """The settings of a run and what follows from them."""

    def __init__(self, settings: Config, conda: bool):
        self.settings = settings
        self.by_conda = conda
        faults.check(settings)
        check_records(settings.work_dir)
        # Changes where a file is added, removed or replaced; with sources, the crawl's manifest tells.
        self.listing = "crawled" if settings.sources else inputs.fingerprint(inputs.find(settings.input))
        self.crawl_settings = settings.model_dump_json(include={"sources", "crawl"})
        self.reference_files = self._references()
        self.python = defaultdict(lambda: shlex.quote(sys.executable))  # stage -> interpreter, quoted for a shell
        self.own = {"crawl": "crawl"} | (ORIGINALS if settings.engine == "original" else {})
        for stage, name in self.own.items():
            self.python[stage] = "python" if conda else shlex.quote(str(environments.python(name)))
        for name in models.PINNED:
            if not (models.cache() / "weights" / name).is_file():
                raise ConfigError(f"The model {name} is not in {models.cache()}: run `make weights` to fetch it.")

    def conda(self, stage: str) -> str | None:
        """The conda environment of a stage, None where the running environment serves."""
        return str(ROOT / "envs" / f"{self.own[stage]}.yaml") if self.by_conda and stage in self.own else None

    def environment(self, stage: str) -> list[str]:
        """The marker that a stage's own environment is made, for the stage's input; empty where it has none."""
        if stage not in self.own or self.by_conda:
            return []
        marker = Path(self.settings.work_dir) / "environments" / self.own[stage]
        if not environments.ready(self.own[stage]):
            marker.unlink(missing_ok=True)  # made for another cache, or for one that was emptied
        return [str(marker)]

    def code(self, stage: str) -> list[str]:
        """The files whose change makes a stage's results old."""
        names = (stage, *HELPERS.get(stage, ()))
        found = [path for name in names for path in sorted(ROOT.glob(f"stages/{name}.*"))]
        return [str(path) for path in found if path.suffix in (".py", ".html", ".css", ".js", ".csv")]

    def shell_prefix(self) -> str:
        """What every job's shell begins with: where the code, the cache and (last on the PATH) ffmpeg are."""
        words = {"PYTHONPATH": str(ROOT), "VOXSIEVE_CACHE": str(models.cache().absolute()), "VOXSIEVE_ROOT": str(ROOT)}
        exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in words.items())
        folder = shlex.quote(str(Path(ffmpeg.find("ffmpeg")).parent))
        return f'export {exports} PATH="$PATH":{folder}; '.replace("{", "{{").replace("}", "}}")

    def flags(self, stage: str) -> str:
        """A stage's settings as command-line flags, quoted: True is a bare flag, None and False are left out."""
        words = []
        for name, value in (self._settings(stage)).items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None and one is not False:
                    words.append(f"--{name}" if one is True else f"--{name}={one}")
        return shlex.join(words)

    def _settings(self, stage: str) -> dict[str, object]:
        s = self.settings
        failures = {"max-failed-fraction": s.max_failed_fraction}
        model = {"engine": s.engine, "device": s.device}
        table = {
            "crawl": {"downloads": s.downloads_dir},
            "index": {"shard-minutes": s.shard_minutes, **self._given(), **failures},
            "separate": {"accompaniment": s.separate.accompaniment, **model, **failures},
            "segment": {
                "source": s.segment.source,
                "vad": s.segment.vad,
                "no-gender": not s.segment.gender,
                "exact": s.segment.exact,
                **model,
                **failures,
            },
            "slice": {
                "label": s.slice.labels,
                "min-seconds": s.slice.min_seconds,
                "max-seconds": s.slice.max_seconds,
                "padding-seconds": s.slice.padding_seconds,
                "merge-seconds": s.slice.merge_seconds,
                "pause-seconds": s.slice.pause_seconds,
                "device": s.device,
                **failures,
            },
            "filter": {
                "low-pass": _slope(s.filter.low_pass),
                "high-pass": _slope(s.filter.high_pass),
                "notch": [f"{one.frequency_hz},{one.q}" for one in s.filter.notches],
                "causal": not s.filter.zero_phase,
                **failures,
            },
            "normalize": {
                "engine": s.engine,
                "target-lufs": s.normalize.target_lufs,
                "true-peak-dbtp": s.normalize.true_peak_dbtp,
                "sample-rate": s.export.sample_rate,
                **failures,
            },
            "score": {"device": s.device, **failures},
            "embed": {**model, **failures},
            "reference": {"target": [f"{name}={path}" for name, path in s.speaker.targets.items()], **model},
            "speaker": {
                "threshold": s.speaker.threshold,
                "short-clips": s.speaker.short_clips,
                "voices": s.speaker.voices,
            },
            "select": {**filters.flags(s.filters), "keep": s.repeats.keep},
            "report": filters.flags(s.filters),
            "formats": {
                "format": s.exports,
                "validation": s.export.split.validation,
                "test": s.export.split.test,
                "seed": s.export.seed,
                "settings": json.dumps(self._described(), sort_keys=True),
            },
        }
        return table[stage]

    def _given(self) -> dict[str, object]:
        s = self.settings
        if s.sources:
            return {"crawled": f"{s.work_dir}/crawl/manifest.jsonl", "downloads": s.downloads_dir}
        given = self.settings.input
        return {"input": [given] if isinstance(given, str) else given}

    def _described(self) -> dict[str, object]:
        """The settings that the dataset card tells: what decides the corpus, and nothing of this machine."""
        described = self.settings.model_dump(mode="json", exclude=MACHINE | {"sources", "crawl", "exports"})
        described["speaker"]["targets"] = sorted(self.settings.speaker.targets)
        return described

    def _references(self) -> list[str]:
        """The targets' reference files, as Snakemake takes a name literally."""
        paths = [item.path for path in self.settings.speaker.targets.values() for item in inputs.find(path)]
        return [str(path).replace("{", "{{").replace("}", "}}") for path in paths]


def _slope(slope: Slope | None) -> str | None:
    return slope and f"{slope.cutoff_hz},{slope.slope_db_per_octave},{slope.passes}"


def hold(work: str):
    """Keep other runs out of a work folder while this process lives; the handle to keep.

    Snakemake's own lock outlives a killed run and has to be taken away by hand; this one ends with the process.
    """
    try:
        Path(work).mkdir(parents=True, exist_ok=True)
        handle = open(Path(work) / ".lock", "w")  # noqa: SIM115 - held until the process ends
        record(work).parent.mkdir(parents=True, exist_ok=True)
        record(work).touch()
    except OSError as error:
        sys.exit(f"error: work_dir: '{work}' cannot be written ({error.strerror}): name another folder.")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"error: another run works in {work}: wait for it, or give this one a work_dir of its own.")
    return handle


def record(work: str) -> Path:
    """The file that tells that this work folder was made by runs from here, beside Snakemake's records of them."""
    return Path(".snakemake", "voxsieve", hashlib.sha256(os.fsencode(work)).hexdigest()[:16])


def check_records(work: str) -> None:
    """Refuse a work folder that Snakemake has no records of: it would take everything there as up to date."""
    if Path(work, "index", "shards.json").exists() and not record(work).exists():
        raise ConfigError(
            f"work_dir: '{work}' holds results of which there is no record in {Path.cwd() / '.snakemake'}, so that "
            "changed settings would go unnoticed: run in the folder where it was made, or name another work_dir."
        )


def make(config: dict, conda: bool) -> Plan:
    """The plan for Snakemake's merged configuration; a fault ends the program with its sentence and status 1."""
    try:
        return Plan(load(config), conda)
    except VoxsieveError as error:
        sys.exit(f"error: {error}")
