"""config.yaml and its schema: one source of defaults, and every fault in one sentence."""

import copy
from pathlib import Path

import pytest
import yaml

from pipeline import config
from pipeline.errors import ConfigError

SHIPPED = yaml.safe_load((Path(__file__).parents[1] / "config.yaml").read_text(encoding="utf-8"))


def changed(path: str, value) -> dict:
    settings = copy.deepcopy(SHIPPED)
    *parents, name = path.split(".")
    here = settings
    for parent in parents:
        here = here[parent]
    here[name] = value
    return settings


def test_the_shipped_file_is_the_schemas_defaults():
    shipped = config.load(SHIPPED)
    defaults = config.Config(input=SHIPPED["input"])
    differing = {
        name: (getattr(shipped, name), getattr(defaults, name))
        for name in config.Config.model_fields
        if getattr(shipped, name) != getattr(defaults, name)
    }
    # The gentle high-pass and the thresholds are choices of the file; the schema's default is none at all.
    assert set(differing) <= {"filter", "filters"}, (
        f"config.yaml and pipeline/config.py differ: {differing}; make them equal"
    )


def test_every_key_of_the_schema_stands_in_the_shipped_file():
    def keys(model, prefix=""):
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, config.Section):
                yield from keys(inner, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}"

    def present(path):
        here = SHIPPED
        for part in path.split("."):
            if not isinstance(here, dict) or part not in here:
                return False
            here = here[part]
        return True

    absent = [path for path in keys(config.Config) if not present(path)]
    assert not absent, f"add these keys, with a comment, to config.yaml: {absent}"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("inputs", "x", "unknown key 'inputs', did you mean 'input'?"),
        ("slice.min_second", 1, "unknown key 'slice.min_second', did you mean 'min_seconds'?"),
        ("slice.min_seconds", "long", "'slice.min_seconds' expected number, found 'long'"),
        ("slice", 3, "'slice' expected dictionary, found 3"),
        ("slice.labels", ["mal"], "'slice.labels.0' expected 'male', 'female'"),
        ("slice.labels", ["speech"], "segment.gender is true"),
        ("filter.low_pass", {"cutoff_hz": 30000, "slope_db_per_octave": 12}, "not below the Nyquist frequency"),
        ("filter.low_pass", {"cutoff_hz": 3000, "slope_db_per_octave": 10}, "not a multiple of 6"),
        ("filter.low_pass", {"cutoff_hz": 3000, "slope_db_per_octave": 6}, "a multiple of 12"),
        ("filter.notches", [[30000, 30]], "'filter.notches.0' expected less than 22050"),
        ("engine", "tf", "'engine' expected 'onnx' or 'original', found 'tf'"),
        ("input", 3, "'input' expected string, found 3 or 'input' expected list, found 3"),
        ("speaker.threshold", "high", "'speaker.threshold' expected"),
        ("max_failed_fraction", 2, "'max_failed_fraction' expected less than or equal to 1, found 2"),
        ("corpus_dir", "work", "work_dir and corpus_dir are the same folder"),
        ("slice.max_seconds", 2, "at least twice min_seconds"),
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


def test_a_notch_may_be_a_pair():
    loaded = config.load(changed("filter.notches", [[6000, 30], {"frequency_hz": 50, "q": 20}]))
    assert [(one.frequency_hz, one.q) for one in loaded.filter.notches] == [(6000, 30), (50, 20)]
