"""The configuration: one source of defaults, every fault in one sentence, config.yaml as the settings say."""

import copy
import subprocess
import sys

import pytest
import yaml
from pydantic import BaseModel

from pipeline import config, flags, registry
from pipeline.errors import ConfigError
from tests.conftest import ROOT, program

SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def changed(path: str, value) -> dict:
    settings = copy.deepcopy(SHIPPED)
    *parents, name = path.split(".")
    here = settings
    for parent in parents:
        here = here[parent]
    here[name] = value
    return settings


def test_the_shipped_file_is_what_the_settings_say():
    written = program("pipeline.config").stdout
    assert (ROOT / "config.yaml").read_text(encoding="utf-8") == written, "run `make config`"


def test_the_shipped_file_is_the_schemas_defaults():
    assert config.load(SHIPPED) == config.load({})


def test_every_key_of_the_schema_stands_in_the_shipped_file_with_a_word_on_it():
    def keys(model, prefix=""):
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield f"{prefix}{name}", field.description or inner.__doc__
                yield from keys(inner, f"{prefix}{name}.")
            else:
                told = any(other.description for other in model.model_fields.values())
                yield f"{prefix}{name}", field.description or not told

    def present(path):
        here = SHIPPED
        for part in path.split("."):
            if not isinstance(here, dict) or part not in here:
                return False
            here = here[part]
        return True

    told = dict(keys(config.model()))
    absent_where_none = {path for path in told if path.startswith(("filters.", "crawl."))}
    assert len(told) > 60
    assert [path for path in told if path not in absent_where_none and not present(path)] == []
    assert [path for path, said in told.items() if not said] == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("inputs", "x", "unknown key 'inputs', did you mean 'input'?"),
        ("slice.min_second", 1, "unknown key 'slice.min_second', did you mean 'min_seconds'?"),
        ("slice.min_seconds", "long", "'slice.min_seconds' expected number, found 'long'"),
        ("slice", 3, "'slice' expected dictionary, found 3"),
        ("slice.labels", ["mal"], "'slice.labels.0' expected 'male', 'female'"),
        ("slice.labels", [], "labels is empty"),
        ("filter.low_pass", {"cutoff_hz": 30000, "slope_db_per_octave": 12}, "not below the Nyquist frequency"),
        ("filter.low_pass", {"cutoff_hz": 3000, "slope_db_per_octave": 10}, "not a multiple of 6"),
        ("filter.low_pass", {"cutoff_hz": 3000, "slope_db_per_octave": 6}, "a multiple of 12"),
        ("filter.notches", [[30000, 30]], "'filter.notches.0' expected less than 22050"),
        ("engine", "tf", "'engine' expected 'onnx' or 'original', found 'tf'"),
        ("input", 3, "'input' expected string, found 3 or 'input' expected list, found 3"),
        ("speaker.threshold", "high", "'speaker.threshold' expected"),
        ("speaker.threshold", 1.5, "'speaker.threshold' expected"),
        ("max_failed_fraction", 2, "'max_failed_fraction' expected less than or equal to 1, found 2"),
        ("max_failed_fraction", float("nan"), "'max_failed_fraction' expected"),
        ("slice.padding_seconds", -0.1, "'slice.padding_seconds' expected greater than or equal to 0, found -0.1"),
        ("slice.pause_seconds", float("inf"), "'slice.pause_seconds' expected a finite number"),
        ("slice.max_seconds", 2, "at least twice min_seconds"),
        ("filters.snr", {"min": 1}, "unknown key 'filters.snr', did you mean 'snr_db'?"),
        ("filters.snr_db", {"least": 1}, "unknown key 'filters.snr_db.least'"),
        ("filters.snr_db", {"min": 2, "max": 1}, "min (2) is above max (1)"),
        ("filters.snr_db", {"min": float("nan")}, "'filters.snr_db.min' expected a finite number"),
        ("export.split", {"validation": 0.5, "test": 0.5}, "leave nothing to train on"),
        ("shard_minutes", 0, "'shard_minutes' expected"),
    ],
)
def test_a_fault_is_told_in_one_sentence(path, value, said):
    with pytest.raises(ConfigError) as error:
        config.load(changed(path, value))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(ConfigError, match=r"threads.*engine|engine.*threads"):
        config.load(changed("engine", "tf") | {"threads": 0})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"slice": {"labels": ["speech"]}}, "segment.gender is true"),
        ({"segment": {"gender": False}}, "segment.gender is false"),
        ({"speaker": {"targets": {"ann": "nobody.wav"}}}, "'nobody.wav', does not exist"),
        ({"speaker": {"targets": {"a=b": "examples"}}}, "cannot be a speaker's name"),
    ],
)
def test_sections_that_contradict_each_other_are_told_by_their_stage(settings, said):
    loaded = config.load(settings)
    checks = [stage.check for stage in registry.stages().values() if stage.check]
    assert said in "; ".join(sentence for check in checks for sentence in check(loaded))


def test_a_notch_may_be_a_pair():
    loaded = config.load(changed("filter.notches", [[6000, 30], {"frequency_hz": 50, "q": 20}]))
    assert [(one.frequency_hz, one.q) for one in loaded.filter.notches] == [(6000, 30), (50, 20)]


def test_what_a_stage_is_given_is_what_its_flags_take():
    """One notation for both: every stage's settings, as flags, are read back as they are."""
    settings = config.load(changed("filter.low_pass", {"cutoff_hz": 5000, "slope_db_per_octave": 36, "passes": 2}))
    for stage in registry.stages():
        values = flags.of(settings, stage)
        kind = flags.model(stage)
        assert config.checked(kind, values, stage).model_dump(mode="json") == values
    assert not {"threads", "device"} & set(flags.of(settings, "separate", machine=False))


def test_imports_go_one_way():
    answer = subprocess.run([sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
                            cwd=ROOT, capture_output=True, text=True)  # fmt: skip
    assert answer.returncode == 0 and "2 kept, 0 broken" in answer.stdout, answer.stdout + answer.stderr
