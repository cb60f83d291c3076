"""Flags of the stages' programs: what is out of bounds is one sentence, and so is a manifest of another stage."""

import pytest

from pipeline import manifest
from pipeline.rows import Clip, FilteredClip, NormalizedClip, Recording, Segmented, Separated
from tests.conftest import program, row


def refused(module: str, *arguments) -> str:
    """The sentence with which a program ends."""
    answer = program(module, *arguments, check=False)
    assert answer.returncode == 1 and "Traceback" not in answer.stderr, answer.stderr
    sentence = answer.stderr.strip().splitlines()[-1]
    assert sentence.startswith("error: ")
    return sentence


@pytest.mark.parametrize(
    ("stage", "flag", "said"),
    [
        ("slice", "--padding-seconds=-0.1", "'padding_seconds' expected greater than or equal to 0, found -0.1"),
        ("slice", "--merge-seconds=-1", "'merge_seconds' expected greater than or equal to 0, found -1.0"),
        ("slice", "--max-seconds=.nan", "'max_seconds' expected"),
        ("slice", "--pause-seconds=.inf", "'pause_seconds' expected a finite number, found inf"),
        ("slice", "--max-seconds=2", "must be at least twice min_seconds"),
        ("slice", "--min-seconds=two", "'min_seconds' expected number, found 'two'"),
        ("slice", "--labels=[mal]", "'labels.0' expected 'male', 'female'"),
        ("separate", "--max-failed-fraction=1.5", "'max_failed_fraction' expected less than or equal to 1, found 1.5"),
        ("separate", "--max-failed-fraction=.nan", "'max_failed_fraction' expected"),
        ("separate", "--threads=0", "'threads' expected greater than 0, found 0"),
        ("separate", "--device=gpu", "'device' expected 'auto', 'cpu' or 'cuda', found 'gpu'"),
        ("segment", "--source=left", "'source' expected 'both', 'vocals' or 'mixture', found 'left'"),
        ("filter", "--low-pass={cutoff_hz: 30000, slope_db_per_octave: 12}", "not below the Nyquist frequency"),
        ("filter", "--low-pass={cutoff_hz: .nan, slope_db_per_octave: 12}", "'low_pass.cutoff_hz' expected"),
        ("filter", "--notches=[[6000, -1]]", "'notches.0' expected greater than 0, found -1"),
        ("normalize", "--target-lufs=.nan", "'target_lufs' expected"),
        ("normalize", "--true-peak-dbtp=3", "'true_peak_dbtp' expected less than or equal to 0, found 3"),
        ("speaker", "--threshold=1.5", "'threshold' expected"),
        ("speaker", "--voices=-1", "'voices' expected greater than or equal to 0, found -1"),
        ("select", "--filters={snr_db: {min: .nan}}", "'filters.snr_db.min' expected a finite number, found nan"),
        ("select", "--filters={snr: {min: 1}}", "unknown key 'filters.snr', did you mean 'snr_db'?"),
        ("index", "--shard-minutes=0", "'shard_minutes' expected"),
    ],
)
def test_a_flag_out_of_bounds_is_told_in_one_sentence(tmp_path, stage, flag, said):
    shard = [] if stage in ("speaker", "select", "index") else ["--shard", "s0000"]
    sentence = refused(f"stages.{stage}", "--work", tmp_path, *shard, flag)
    assert sentence.startswith("error: flags: ") and said in sentence
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shard", ["0", "s", "s0000/../s0001", "x0000"])
def test_what_is_no_shard_is_told_with_the_usage(tmp_path, shard):
    answer = program("stages.filter", "--work", tmp_path, "--shard", shard, check=False)
    assert answer.returncode == 2 and "expected a shard such as s0000, found" in answer.stderr


@pytest.mark.parametrize(
    ("stage", "before", "written", "field"),
    [
        ("slice", "segment", Recording, "mixture"),
        ("slice", "segment", Separated, "vocals"),
        ("filter", "slice", Segmented, "label"),
        ("filter", "slice", NormalizedClip, "gain"),
        ("normalize", "filter", Clip, "sections"),
        ("embed", "normalize", FilteredClip, "lufs"),
    ],
)
def test_a_manifest_of_another_stage_is_told_in_one_sentence(tmp_path, stage, before, written, field):
    manifest.write(tmp_path / before / "s0000/manifest.jsonl", [row(written)], written)
    sentence = refused(f"stages.{stage}", "--work", tmp_path, "--shard", "s0000")
    assert f"{before}/s0000/manifest.jsonl, line 1: field '{field}' is missing" in sentence
    assert not (tmp_path / stage / "s0000/manifest.jsonl").exists()


def test_a_manifest_that_is_not_there_is_told_with_its_stage(tmp_path):
    sentence = refused("stages.slice", "--work", tmp_path, "--shard", "s0000")
    assert "segment/s0000/manifest.jsonl does not exist: run the stage that writes it" in sentence
    assert "(snakemake -R segment)" in sentence
    assert "-R index" in refused("stages.match", "--work", tmp_path)


def test_a_filter_above_the_nyquist_frequency_of_the_clips_is_told(tmp_path):
    manifest.write(tmp_path / "slice/s0000/manifest.jsonl", [row(Clip, sample_rate=16000)], Clip)
    flags = ["--work", tmp_path, "--shard", "s0000", "--low-pass", "{cutoff_hz: 9000, slope_db_per_octave: 12}"]
    assert "filter: lowpass cutoff 9000 Hz is not between 0 and the Nyquist" in refused("stages.filter", *flags)
