"""Whole runs with clips enhanced, and back: off leaves the corpus as if the stage were not there."""

from runs import change, contents, jobs_of, snakemake, write_config

from pipeline import manifest

ON = {"mode": "all", "denoise": "spectral", "source": "vocals"}


def test_enhanced_clips_get_files_and_off_is_as_if_nothing_had_been(short_speech, tmp_path):
    config = write_config(tmp_path, input=str(short_speech), speaker={"voices": 0})
    assert "enhance" not in jobs_of(snakemake(config, "-p"))
    plain = contents(tmp_path / "corpus")
    assert not (tmp_path / "work/enhance").exists()

    change(config, enhance=ON)
    assert {"enhance", "filter", "normalize"} <= jobs_of(snakemake(config, "-p"))
    made = list(manifest.lines(tmp_path / "work/enhance/s0000/manifest.jsonl"))
    assert made and all((tmp_path / "work" / row["enhanced_path"]).is_file() for row in made)
    enhanced = contents(tmp_path / "corpus")
    wavs = [name for name in plain if name.endswith(".wav")]
    assert wavs and all(enhanced[name] != plain[name] for name in wavs)
    assert b'id="enhanced"' in enhanced["report.html"]

    change(config, enhance={"mode": "off"})
    assert "enhance" not in jobs_of(snakemake(config, "-p"))
    assert contents(tmp_path / "corpus") == plain
